"""Views of the store: what people ask by hand, in the words of their data."""

import duckdb

#: One line a window and source; the numbers are those that were judged.
_PROCESSED_DATA = """
    CREATE OR REPLACE VIEW processed_data AS
    SELECT segment AS source, ts AS window_start,
        max(value) FILTER (metric = 'event_rate') AS rate,
        max(value) FILTER (metric = 'mean') AS mean,
        max(value) FILTER (metric = 'stddev') AS std,
        max(value) FILTER (metric = 'error_rate') AS error_rate,
        max(value) FILTER (metric = 'late_fraction') AS late_rate,
        max(value) FILTER (metric = 'duplicate_fraction') AS duplicate_rate
    FROM metrics.metrics WHERE dataset = 'stream_events' AND segment <> ''
    GROUP BY segment, ts
"""


def create_views(cursor: duckdb.DuckDBPyConnection) -> None:
    """Make the views in the default database; their tables are named without it, so that files can move."""
    cursor.execute(_PROCESSED_DATA)
