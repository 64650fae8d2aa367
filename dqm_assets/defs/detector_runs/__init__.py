"""Detector runs, and every other dataset that is fed by files in the landing folder."""
