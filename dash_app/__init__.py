"""The dashboard and REST API: one process that reads the store and shows it live."""
