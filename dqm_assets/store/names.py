"""Quoting: the one place where names and texts become SQL."""


def quoted(name: str) -> str:
    """Write one identifier: ``a"b`` becomes ``"a""b"``."""
    return '"' + name.replace('"', '""') + '"'


def quoted_table(name: str) -> str:
    """Write ``schema.table`` with both parts quoted; only the first dot separates."""
    schema, _, table = name.partition(".")
    return f"{quoted(schema)}.{quoted(table)}"


def text(value: str) -> str:
    """Write a string literal, for statements that take no parameters (ATTACH, SECRET, SET)."""
    return "'" + value.replace("'", "''") + "'"
