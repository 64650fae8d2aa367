"""How every command prints: a rich table for people, one JSON document for machines."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

#: Exit codes, the same for every command.
OK, DATA_FAILED, USAGE = 0, 1, 2

#: Results go to standard output; progress, warnings and errors to standard error.
console = Console(width=None if sys.stdout.isatty() else 160)
log_console = Console(stderr=True)

#: The ``--json`` option that every command with results takes.
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]


def plain(value: Any) -> Any:
    """Turn a value that JSON has no type for into one it has; times are ISO 8601."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | Path):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def print_json(document: Any) -> None:
    """Print one JSON document to standard output."""
    typer.echo(json.dumps(document, default=plain, ensure_ascii=False))


def print_table(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """Print rows as a rich table; numbers right-aligned, missing values as an en dash, times in UTC."""
    if not rows:
        console.print(title, highlight=False, markup=False)
        return
    columns = list(columns or (rows[0].keys() if rows else ()))
    table = Table(
        title=title, title_justify="left", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for position, column in enumerate(columns):
        numeric = all(isinstance(row.get(column), int | float | Decimal | None) for row in rows)
        # What names the row, and numbers, must not be broken in two; a heading may wrap at its words.
        whole = position == 0 or numeric
        heading = column.replace("_", " ")
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=whole, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes").removesuffix("+00:00")
    return str(value)
