"""Decide how a CSV was written: delimiter, quote, escape, header, from a bounded sample."""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from dqm_assets.ingest.names import column_name
from dqm_assets.ingest.parsed import Dialect

#: Bytes from the start of a file that a decision is made from.
SAMPLE_BYTES = 1 << 18
#: Records of the sample that are compared.
SAMPLE_RECORDS = 500

#: Delimiters taken on their own evidence, most usual first.
DELIMITERS = ",;\t|^~\x1f\x01"
#: Delimiters that also occur inside times and prose: only below a header of plain names.
WEAK_DELIMITERS = ": "

_NEWLINE = re.compile(rb"\r\n|\r|\n")
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d[\d.]*,\d+\s*")
_PLAIN_NAME = re.compile(r"[^\W\d][\w.-]*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_TYPED = re.compile(
    r"""\s*(?:
        [+-]?(?:\d[\d.,_]*|\.\d+)(?:[eE][+-]?\d+)?\s*%?      # numbers, whatever the locale
      | [-+]?(?:nan|inf|infinity)
      | true | false
      | \d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T\s].*)?          # dates and timestamps
      | \d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?                   # times
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Candidate:
    """A dialect and how well the sample fits it."""

    dialect: Dialect
    score: float
    """0 (one column) to 1: share of records of the same width, more columns better."""


def rank_dialects(sample: bytes, *, whole: bool) -> list[Dialect]:
    """Order the possible dialects of a sample, best first, all with the header undecided (``True``).

    Each delimiter, quote and escape is tried by parsing the sample with Python's csv module.
    A dialect scores by the share of records that have the most usual width, by that width,
    by whether the first record has it too, and by the share of fields that are free of other
    delimiters. When nothing separates columns evenly, the file has one column.

    Args:
        sample: UTF-8 bytes from the start of the file.
        whole: whether the sample is the whole file; else its last record is left out.
    """
    text = sample.decode("utf-8", errors="surrogateescape")
    base = Dialect(newline=_usual_newline(sample))
    candidates = []
    for delimiter in DELIMITERS + WEAK_DELIMITERS:
        if delimiter not in text:
            continue
        for variant in _variants(replace(base, delimiter=delimiter), text):
            records = sample_records(text, variant, whole=whole)
            candidates.append(Candidate(variant, _score(records, delimiter)))
    candidates.sort(key=lambda c: -c.score)  # stable: the usual delimiters win a draw
    ranked = [c.dialect for c in candidates if c.score > 0]
    # Below a first record of one field, rows that do not fit may be prose with commas in it.
    if not ranked or len(sample_records(text, ranked[0], whole=whole)[0]) == 1:
        ranked = [*ranked[:1], _one_column(text, base, whole=whole)]
    return ranked


def _one_column(text: str, base: Dialect, *, whole: bool) -> Dialect:
    """Comma, unless that would split some of the text: then a character that is not in it."""
    if all(len(record) == 1 for record in sample_records(text, base, whole=whole)):
        return base
    return replace(base, delimiter=next((d for d in reversed(DELIMITERS) if d not in text), base.delimiter))


def sample_records(text: str, dialect: Dialect, *, whole: bool) -> list[list[str]]:
    """Parse the first records of a sample; blank lines are no records."""
    reader = csv_reader(iter(io.StringIO(text, newline="")), dialect)
    records = list(islice((r for r in _until_error(reader) if r), SAMPLE_RECORDS + 1))
    cut_short = len(records) <= SAMPLE_RECORDS and not whole
    return records[:-1] if cut_short and len(records) > 1 else records[:SAMPLE_RECORDS]


def csv_reader(lines: Iterator[str], dialect: Dialect) -> Iterator[list[str]]:
    """Python's csv reader for a dialect; fields of any length are taken."""
    csv.field_size_limit(2**31 - 1)
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        doublequote=dialect.escape is None,
        escapechar=dialect.escape,
        skipinitialspace=dialect.skip_initial_space,
    )


def has_header(records: Sequence[Sequence[str]], declared: Collection[str] = ()) -> bool:
    """Tell whether the first record names the columns.

    With declared columns: when it holds one of their names. Otherwise, in this order: an
    empty first record names nothing; a column whose first value is a word while all others
    are numbers, dates or times has a header; a number, date or time in the first record,
    when no column speaks for a header, is data (except for different years beside a word: the
    names of a table of years); a file of words only has a header.
    """
    if not records or not any(field.strip() for field in records[0]):
        return False
    first, rest = records[0], records[1:]
    if declared:
        known = {column_name(name) for name in declared}
        if any(column_name(field) in known for field in first):
            return True
    if any(_word_over_values(field, [r[i] for r in rest if len(r) > i]) for i, field in enumerate(first)):
        return True
    typed = [field.strip() for field in first if _is_typed(field)]
    return not typed or (len(typed) < len(first) and _are_years(typed))


def _are_years(names: list[str]) -> bool:
    """Several different years in a row name the columns of a table of years."""
    return len(names) > 1 and all(map(_YEAR.fullmatch, names)) and sorted(set(names)) == sorted(names)


def _word_over_values(first: str, below: list[str]) -> bool:
    values = [v for v in below if v.strip()]
    return bool(first.strip() and values and not _is_typed(first) and all(map(_is_typed, values)))


def _is_typed(field: str) -> bool:
    return bool(_TYPED.fullmatch(field))


def _usual_newline(sample: bytes) -> str:
    counts = Counter(_NEWLINE.findall(sample))
    return counts.most_common(1)[0][0].decode() if counts else "\n"


def _variants(plain: Dialect, text: str) -> Iterator[Dialect]:
    """The plain dialect, then those that the text gives a hint of."""
    d = re.escape(plain.delimiter)
    quotes = ['"']
    if re.search(rf"(?:^|{d})'[^'\n]*'(?:{d}|\r|\n|$)", text, re.MULTILINE) and '"' not in text:
        quotes = ["'"]
    for quote in quotes:
        yield replace(plain, quote=quote)
        if re.search(rf"[^\\{d}]\\{quote}(?!\s*(?:{d}|\r|\n|$))", text):
            yield replace(plain, quote=quote, escape="\\")
        if plain.delimiter != " " and re.search(rf"{d} +{quote}", text):
            yield replace(plain, quote=quote, skip_initial_space=True)


def _until_error(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error:
        return


def _score(records: list[list[str]], delimiter: str) -> float:
    if not records:
        return 0.0
    widths = Counter(map(len, records))
    first = len(records[0])
    width = max(widths, key=lambda w: (widths[w], w == first))
    if width == 1:
        return 0.0
    if delimiter in WEAK_DELIMITERS:
        return _weak_score(records, widths)
    fields = [field for record in records for field in record]
    clean = sum(map(_cleanness(delimiter), fields)) / len(fields)
    agrees = 1.0 if first == width else 0.5
    return widths[width] / len(records) * (1 - 1 / width) * agrees * clean


def _weak_score(records: list[list[str]], widths: Counter[int]) -> float:
    named = all(_PLAIN_NAME.fullmatch(field) for field in records[0])
    clean = not any(d in field for record in records for field in record for d in DELIMITERS)
    even = len(widths) == 1 and len(records) > 1
    return 0.05 if named and clean and even else 0.0


def _cleanness(delimiter: str) -> Callable[[str], bool]:
    others = [d for d in ",;\t|" if d != delimiter]

    def is_clean(field: str) -> bool:
        if not any(d in field for d in others):
            return True
        return bool(_DECIMAL_COMMA.fullmatch(field)) or (" " in field and "\t" not in field)

    return is_clean
