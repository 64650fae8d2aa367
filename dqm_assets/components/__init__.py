"""dqm's checks as Dagster components, for projects that are written in YAML."""
