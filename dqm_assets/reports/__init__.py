"""Reports: what the store knows of all datasets, as documents for people."""
