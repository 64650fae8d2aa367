"""Run ids: short to read, whole on hover."""

from dash import html

LONGEST_SHOWN = 24
HASH_LENGTH = 8


def short_run_id(run_id: str) -> str:
    """Shorten the file's part of a run id and keep its hash, which tells two files apart."""
    if len(run_id) <= LONGEST_SHOWN:
        return run_id
    tail = run_id[-HASH_LENGTH:]
    return f"{run_id[: LONGEST_SHOWN - HASH_LENGTH - 1]}…{tail}"


def run_id_text(run_id: str, class_name: str = "run-id") -> html.Span:
    """Show a run id, the whole of it in the tooltip."""
    return html.Span(short_run_id(run_id), title=run_id, className=class_name)
