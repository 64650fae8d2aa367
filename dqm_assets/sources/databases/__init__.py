"""Databases, warehouses and folders of files: what is in their tables, asked for by one query each."""
