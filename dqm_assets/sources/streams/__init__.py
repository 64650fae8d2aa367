"""Event streams: records of Kafka topics become rows, or dead letters, exactly once."""
