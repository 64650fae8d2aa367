"""Conditions on single values, each judged by DuckDB and by Pandera to the same result."""
