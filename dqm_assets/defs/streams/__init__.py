"""The event streams in Dagster: an external asset, what is checked of it, and jobs that keep it."""
