"""Databases and folders of files: assets, checks and schedules of every ``sources/*.yaml``."""
