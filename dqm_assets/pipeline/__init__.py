"""The stages a landed file goes through, free of Dagster: load → measure → judge → baselines → alerts.

Each stage reads what the stage before it committed and commits its own result in one
transaction, so any of them can be repeated, retried or killed half-way.
"""
