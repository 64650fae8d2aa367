"""A file's text as UTF-8 bytes: decompressed, decoded, mapped into memory."""

import codecs
import gzip
import mmap
import re
import tempfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from charset_normalizer import from_bytes

from dqm_assets.errors import SourceError

#: Bytes handled at once.
CHUNK = 1 << 20
#: Bytes that decide an encoding which is not marked and not UTF-8.
SAMPLE = 1 << 18
#: Largest text after decompression, against compression bombs.
EXPANDED_LIMIT = 16 << 30

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FOREIGN = (
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet (.xlsx)"),
    (b"\xd0\xcf\x11\xe0", "an old Office file (.xls)"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
    (b"BZh", "bzip2-compressed"),
    (b"\xfd7zXZ", "xz-compressed"),
    (b"\x7fELF", "a program"),
)
#: Share of control characters above which a file is no text.
_BINARY_SHARE = 0.3
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b\x1c\x1d\x1e\x1f\x01"))
_ACCENTED_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
#: Share of non-ASCII letters in accented words above which the script is not Latin (French: 0.36).
_OTHER_SCRIPT = 0.6
_MULTIBYTE = ("cp932", "euc_jp", "gb18030", "big5", "euc_kr")
_OTHER_SINGLE_BYTE = ("cp1251", "koi8_r", "iso8859_5", "cp1253", "iso8859_7", "cp1255", "cp1256")
#: Fewer non-ASCII bytes than this say too little for a statistical guess.
_ENOUGH_LETTERS = 64


@dataclass(frozen=True)
class Content:
    """A text file's bytes, as UTF-8 without a byte-order mark."""

    data: mmap.mmap | bytes
    """UTF-8, except for the bytes that ``damaged`` tells of."""
    encoding: str
    """Codec the file was written in; ``utf-16-le`` and the like when there was no mark."""
    damaged: bool
    """Whether some bytes are no text in that encoding: left as they are in UTF-8, U+FFFD from others."""
    compression: str | None


@contextmanager
def open_content(path: Path) -> Generator[Content]:
    """Give a file's text as UTF-8, in memory mapped from the file or from a temporary one.

    The encoding is, in this order: the byte-order mark's; UTF-16 when every other byte of a
    sample is mostly NUL; UTF-8 when the whole file is valid, or when more of its non-ASCII
    sequences are valid than not (the file is UTF-8 with damaged rows); for Cyrillic, Greek,
    Hebrew, Arabic and East Asian text what charset-normalizer makes of it; cp1252, or Latin-1
    where cp1252 has no such byte.

    Raises:
        SourceError: the file is missing, empty, not text, or broken (``code`` says which).
    """
    with tempfile.TemporaryFile() as expanded, _opened(path) as file:
        compression = "gzip" if _starts_gzip(file) else None
        source = _expand(file, expanded, path) if compression else file
        with _mapped(source, path) as data:
            if not compression:
                _refuse_foreign(data[:64], path)
            encoding, damaged = _decide_encoding(data, path)
            if encoding == "utf-8":
                yield Content(data, encoding, damaged, compression)
                return
            with tempfile.TemporaryFile() as recoded:
                damaged = _recode(data, encoding, recoded)
                with _mapped(recoded, path) as text:
                    yield Content(text, encoding, damaged, compression)


@contextmanager
def _opened(path: Path) -> Generator[IO[bytes]]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise SourceError(
            f"{path}: cannot be opened: {error.strerror}. Check that it exists and is readable.",
            code="unreadable",
        ) from error
    with file:
        yield file


def _starts_gzip(file: IO[bytes]) -> bool:
    magic = file.read(2)
    file.seek(0)
    return magic == b"\x1f\x8b"


def _expand(file: IO[bytes], target: IO[bytes], path: Path) -> IO[bytes]:
    """Decompress into ``target``; EOF inside the archive and a wrong checksum are errors."""
    written = 0
    try:
        with gzip.GzipFile(fileobj=file) as archive:
            while chunk := archive.read(CHUNK):
                written += target.write(chunk)
                if written > EXPANDED_LIMIT:
                    raise SourceError(
                        f"{path}: more than {EXPANDED_LIMIT >> 30} GiB when decompressed. Split the file.",
                        code="too_large",
                    )
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path}: broken gzip file: {error}. Copy it again.", code="unreadable") from error
    return target


@contextmanager
def _mapped(file: IO[bytes], path: Path) -> Generator[mmap.mmap]:
    file.flush()
    try:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise SourceError(f"{path}: the file is empty.", code="empty_file") from None
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}.", code="unreadable") from error
    # Not closed here: Arrow buffers may still look at it; it is unmapped with the last of them.
    yield data


def _refuse_foreign(start: bytes, path: Path) -> None:
    for magic, what in _FOREIGN:
        if start.startswith(magic):
            raise SourceError(
                f"{path}: this is {what}, not CSV, gzip-compressed CSV or Parquet. Export it as CSV.",
                code="unreadable",
            )


def _decide_encoding(data: mmap.mmap, path: Path) -> tuple[str, bool]:
    """Name the codec, and whether UTF-8 has damaged places (known for UTF-8 only)."""
    for mark, codec in _MARKS:
        if data[: len(mark)] == mark:
            return codec, False
    sample = data[:SAMPLE]
    wide = _unmarked_utf16(sample)
    if wide:
        return wide, False
    if len(sample.translate(None, _CONTROL)) < (1 - _BINARY_SHARE) * len(sample):
        raise SourceError(f"{path}: binary data, not text. Export it as CSV or Parquet.", code="unreadable")
    first_bad = _first_invalid(data)
    if first_bad is None:
        return "utf-8", False
    around = data[max(0, first_bad - SAMPLE // 2) : first_bad + SAMPLE // 2]
    if _mostly_utf8(around) or _mostly_utf8(sample):
        return "utf-8", True
    return _legacy_encoding(data, around), False


def _unmarked_utf16(sample: bytes) -> str | None:
    even, odd = sample[0::2], sample[1::2]
    if len(odd) < 2:  # noqa: PLR2004 - one character says nothing
        return None
    # Text in a Latin script has a NUL in every other byte; 0.7 leaves room for other letters.
    if odd.count(0) > 0.7 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.7 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def _first_invalid(data: mmap.mmap) -> int | None:
    """Offset of the first byte that is not UTF-8, or ``None``."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), CHUNK):
        chunk = data[start : start + CHUNK]
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=start + CHUNK >= len(data))
        except UnicodeDecodeError as error:
            return start - held + error.start
    return None


def _mostly_utf8(sample: bytes) -> bool:
    text = sample.decode("utf-8", errors="surrogateescape")
    bad = sum(1 for c in text if "\udc80" <= c <= "\udcff")
    good = sum(1 for c in text if c > "\x7f") - bad
    return good > bad


def _legacy_encoding(data: mmap.mmap, sample: bytes) -> str:
    """Codec of text that is not UTF-8.

    In Latin scripts the accented letters stand among plain ones; words of nothing else are of
    another script, and only then is charset-normalizer asked, with those words and the codecs
    of such scripts: over whole CSVs it takes Spanish for Hungarian.
    """
    words = b" ".join(_ACCENTED_WORD.findall(sample))
    high = len(words) - len(words.translate(None, bytes(range(128, 256))))
    if high >= _ENOUGH_LETTERS and high > _OTHER_SCRIPT * (len(words) - words.count(b" ")):
        for codecs_of_script in (_MULTIBYTE, _OTHER_SINGLE_BYTE):
            best = from_bytes(words, cp_isolation=list(codecs_of_script), enable_fallback=False).best()
            if best is not None and best.chaos == 0 and _decodes(data, best.encoding):
                return best.encoding
    return "cp1252" if _decodes(data, "cp1252") else "iso8859-1"


def _decodes(data: mmap.mmap, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), CHUNK):
            decoder.decode(data[start : start + CHUNK], final=start + CHUNK >= len(data))
    except UnicodeDecodeError:
        return False
    return True


def _recode(data: mmap.mmap, encoding: str, target: IO[bytes]) -> bool:
    """Write ``data`` as UTF-8; tells whether some of it could not be decoded."""
    keep = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    strict = codecs.getincrementaldecoder(encoding)()
    lenient = codecs.getincrementaldecoder(encoding)(keep)
    damaged = False
    for start in range(0, len(data), CHUNK):
        chunk, final = data[start : start + CHUNK], start + CHUNK >= len(data)
        if not damaged:
            try:
                strict.decode(chunk, final)
            except UnicodeDecodeError:
                damaged = True
        target.write(lenient.decode(chunk, final).encode("utf-8", errors="surrogateescape"))
    return damaged
