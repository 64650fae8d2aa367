"""Dagster definitions, one folder per source."""
