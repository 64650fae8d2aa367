"""The engine: profiles, baselines, detectors, contracts and alerts; usable without Dagster, store or HTTP."""
