"""Lists as CSV files."""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from dash_app.api.listing import csv_response


@dataclass
class Row:
    """A record with one field of each kind."""

    name: str
    amount: float | None
    at: datetime
    parts: tuple[int, ...]


def lines(response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(bytes(response.body).decode())))


def test_each_field_is_a_column_and_nested_values_are_json() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    (row,) = lines(csv_response("x", [Row("a, b", None, at, (1, 2))]))
    assert row == {"name": "a, b", "amount": "", "at": at.isoformat(), "parts": "[1, 2]"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted_and_a_number_is_not(text: str) -> None:
    (row,) = lines(csv_response("x", [{"text": text, "number": -1.5}]))
    assert row == {"text": f"'{text}", "number": "-1.5"}


def test_the_file_name_holds_no_sign_that_a_header_could_break_on() -> None:
    answer = csv_response('a"b/c\r\nd ä', [{"x": 1}])
    assert answer.headers["content-disposition"] == 'attachment; filename="a_b_c__d_.csv"'
