"""What reading a file gives: a typed table, the rejected rows, and an exact account of both."""

from dataclasses import asdict, dataclass

import pyarrow as pa

from dqm_assets.errors import SourceError

#: Longest raw text kept of a rejected row, in characters; UTF-8 bytes are bounded by the same number.
RAW_TEXT_LIMIT = 4096


@dataclass(frozen=True)
class Dialect:
    """How a file was written, as decided by reading all of it."""

    format: str = "csv"
    """``csv`` or ``parquet``."""
    encoding: str = "utf-8"
    """Python codec name; ``utf-8-sig`` and the ``utf-16``/``utf-32`` names had a byte-order mark."""
    delimiter: str = ","
    """One character; of no meaning in a file of one column."""
    quote: str = '"'
    """One character; doubled inside a quoted field unless ``escape`` is set."""
    escape: str | None = None
    """Character that takes the meaning from the next one, or ``None``."""
    skip_initial_space: bool = False
    """Whether blanks after a delimiter are layout, as in ``1, "x"``."""
    header: bool = True
    """Whether the first record names the columns."""
    newline: str = "\n"
    """The line ending met most: LF, CRLF or CR."""
    compression: str | None = None
    """``gzip`` or ``None``."""

    def as_dict(self) -> dict[str, object]:
        """Plain values for a JSON column."""
        return asdict(self)


@dataclass(frozen=True)
class Reject:
    """A row that could not be loaded, and why."""

    line: int
    """Line of the file on which the row starts, from 1; a row's number in a Parquet file."""
    code: str
    """``too_few_fields``, ``too_many_fields``, ``wrong_type``, ``bad_encoding``, ``nul_byte``,
    ``unclosed_quote`` or ``too_long``."""
    reason: str
    """One sentence for people."""
    column: str
    """Column to blame; empty when it is the whole row."""
    raw_text: str
    """The row as written, at most ``RAW_TEXT_LIMIT`` bytes of UTF-8; bytes that are no text as ``\\xNN``."""


@dataclass(frozen=True)
class ParsedFile:
    """A file, read: every row of it is either in ``table`` or in ``rejects``."""

    table: pa.Table
    """The columns in file order, then ``_line`` (int64); a column without a value has the null type."""
    rejects: tuple[Reject, ...]
    """In file order, one for each rejected row."""
    dialect: Dialect
    rows_in: int
    """Data rows in the file, counted apart from the parser that fills ``table``; blank lines are no rows."""
    columns_seen: tuple[tuple[str, pa.DataType], ...]
    """(name, type) of each column in file order; names as in ``table``."""
    header_names: tuple[str, ...]
    """The names as written in the file; empty without a header."""

    def __post_init__(self) -> None:
        """Refuse an account that does not add up."""
        if self.rows_in != self.rows_loaded + self.rows_rejected:
            raise SourceError(
                f"{self.rows_in} rows counted, {self.rows_loaded} loaded and {self.rows_rejected} rejected: "
                "reading lost track of rows. Report the file as a bug.",
                code="unaccounted",
            )

    @property
    def rows_loaded(self) -> int:
        """Rows in ``table``."""
        return self.table.num_rows

    @property
    def rows_rejected(self) -> int:
        """Rows in ``rejects``."""
        return len(self.rejects)


def raw_text(data: bytes) -> str:
    """Show a row's bytes as text of at most ``RAW_TEXT_LIMIT`` bytes that any store can hold."""
    text = bytes(data).rstrip(b"\r\n").decode("utf-8", errors="backslashreplace").replace("\x00", "\\x00")
    encoded = text.encode("utf-8")
    if len(encoded) <= RAW_TEXT_LIMIT:
        return text
    return encoded[: RAW_TEXT_LIMIT - 3].decode("utf-8", errors="ignore") + "…"
