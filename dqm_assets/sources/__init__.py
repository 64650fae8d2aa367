"""Sources that are not files: HTTP APIs and streams, each in a folder of its own."""
