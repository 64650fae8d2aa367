"""Numbers with their nouns, as people write them."""

_ES = ("s", "x", "z", "ch", "sh")


def counted(count: int, noun: str) -> str:
    """Say how many there are: ``1 batch``, ``3 batches``, ``1,200 rows``."""
    plural = f"{noun}es" if noun.endswith(_ES) else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"
