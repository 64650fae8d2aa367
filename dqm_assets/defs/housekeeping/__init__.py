"""Keeping house: store maintenance and Dagster retention."""
