"""Asset checks: what each kind of check finds, as Dagster check results with numbers, tables and plots."""
