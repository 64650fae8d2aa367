"""Numbers as people read them: grouped, rounded to what matters, and a dash for what is not there."""

MISSING = "–"
LARGEST_PLAIN = 1e9
SMALLEST_PLAIN = 1e-4
WHOLE_FROM = 1e5
KIBI = 1024


def number(value: float | None, digits: int = 4) -> str:
    """Write a number to ``digits`` significant digits, with groups of three.

    Whole numbers below a billion keep every digit; very large and very small ones get a power of ten.
    """
    if value is None:
        return MISSING
    size = abs(value)
    if size == 0:
        return "0"
    if size >= LARGEST_PLAIN or size < SMALLEST_PLAIN:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{_signed(mantissa)}e{int(exponent)}"
    if float(value).is_integer() or size >= WHOLE_FROM:
        return _signed(f"{value:,.0f}")
    whole = len(str(int(size))) if size >= 1 else 0
    if whole:
        text = f"{value:,.{max(digits - whole, 0)}f}"
    else:
        leading = len(f"{size:.10f}".split(".")[1]) - len(f"{size:.10f}".split(".")[1].lstrip("0"))
        text = f"{value:.{digits + leading}f}"
    return _signed(text.rstrip("0").rstrip(".") if "." in text else text)


def count(value: int | None) -> str:
    """Write a count, with groups of three."""
    return MISSING if value is None else f"{value:,}"


def share(value: float | None) -> str:
    """Write a fraction as a percentage; never rounds what is below all to 100 %, nor some to 0 %."""
    if value is None:
        return MISSING
    if 0 < value < 0.001:  # noqa: PLR2004 - one decimal of a per cent
        return "< 0.1 %"
    if 0.999 < value < 1:  # noqa: PLR2004 - as above
        return "> 99.9 %"
    text = f"{100 * value:.1f}"
    return f"{text.removesuffix('.0')} %"


def plural(amount: int, one: str, many: str | None = None) -> str:
    """Write an amount with its noun: ``1 run``, ``2,000 runs``."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def file_size(size: int | None) -> str:
    """Write a number of bytes in binary units."""
    if size is None:
        return MISSING
    if size < KIBI:
        return f"{size} B"
    amount = float(size)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= KIBI
        if amount < KIBI:
            return f"{number(amount, 3)} {unit}"
    return f"{number(amount / KIBI, 3)} TiB"


def _signed(text: str) -> str:
    return "−" + text[1:] if text.startswith("-") else text
