"""Generators of data with known faults, so that detection can be scored."""
