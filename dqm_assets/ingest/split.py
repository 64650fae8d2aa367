"""Split a CSV into rows: fast where it is regular, exactly where it is not."""

from dqm_assets.ingest.content import Content
from dqm_assets.ingest.exact import read_exact
from dqm_assets.ingest.parsed import Dialect
from dqm_assets.ingest.records import Records, join_records
from dqm_assets.ingest.regular import split_regular
from dqm_assets.ingest.scan import START, Place, scan_records

#: After so many regular bytes an irregular record counts as a single slip again.
_LONG = 1 << 20
_MOST_EXACT = 1 << 20
_ASCII = 128


def split_records(content: Content, dialect: Dialect, width: int) -> Records:
    """Split the data rows of a CSV into text columns and rejects.

    Stretches of regular records are parsed by pyarrow and counted apart by ``scan_records``.
    At an irregular one Python's csv module takes over for a record, and for twice as many each
    time there is another soon after. Damaged text, escapes, blanks before quotes and
    delimiters outside ASCII are for the csv module throughout.
    """
    place = START
    if dialect.header:
        _, place = read_exact(content, dialect, width, place, most=1)
    if _scannable(content, dialect):
        parts = _split_mixed(content, dialect, width, place)
        if parts is not None:
            return join_records(parts, width)
    records, _ = read_exact(content, dialect, width, place)
    return records


def _scannable(content: Content, dialect: Dialect) -> bool:
    plain = not (content.damaged or dialect.escape or dialect.skip_initial_space)
    return plain and ord(dialect.delimiter) < _ASCII and ord(dialect.quote) < _ASCII


def _split_mixed(content: Content, dialect: Dialect, width: int, place: Place) -> list[Records] | None:
    parts: list[Records] = []
    most = 1
    while True:
        scan = scan_records(content.data, dialect.delimiter, dialect.quote, place)
        if len(scan.starts):
            part = split_regular(content, dialect, width, scan)
            if part is None:
                return None
            parts.append(part)
        if scan.stop is None:
            return parts
        most = 1 if scan.stop.offset - place.offset > _LONG else min(most * 2, _MOST_EXACT)
        part, place = read_exact(content, dialect, width, scan.stop, most=most)
        parts.append(part)
