"""dqm: data quality monitoring as Dagster assets."""
