"""A few cells that are no numbers do not make a text column of one that has always been numeric."""

from tests.integration.pipeline.conftest import NewPlatform
from tests.integration.pipeline.platform import Platform


def _csv(values: list[object]) -> bytes:
    return "\n".join(["id,price", *(f"{i},{value}" for i, value in enumerate(values))]).encode()


def _price_type(platform: Platform) -> str:
    schema = platform.store.query(f"SELECT * FROM {platform.dataset.raw_table} LIMIT 0").schema
    return str(schema.field("price").type)


def test_one_bad_cell_is_quarantined_with_its_line_and_the_column_stays_numeric(
    new_platform: NewPlatform,
) -> None:
    platform = new_platform("prices")
    for day in range(3):
        platform.drop(f"day-{day}.csv", _csv([1.5 + i + day for i in range(150)]))
        platform.process()
    platform.drop("day-3.csv", _csv([*(2.5 + i for i in range(149)), "n.v."]))
    platform.process()
    assert _price_type(platform) == "double"
    rows = platform.store.rows("SELECT line, column_name, code, reason FROM raw.quarantine")
    assert rows == [
        {"line": 151, "column_name": "price", "code": "wrong_type", "reason": "price: 'n.v.' is no number"}
    ]
    assert platform.count("rows_loaded = 149 AND rows_quarantined = 1") == 1
    assert platform.count("status = 'BAD'") == 0

    platform.drop("day-4.csv", _csv([f"about {i}" for i in range(150)]))
    platform.process()
    assert _price_type(platform) == "string"


def test_before_it_was_numeric_three_times_a_column_with_text_is_text(
    new_platform: NewPlatform,
) -> None:
    platform = new_platform("few")
    platform.drop("day-0.csv", _csv([1.5 + i for i in range(150)]))
    platform.process()
    platform.drop("day-1.csv", _csv([*(2.5 + i for i in range(149)), "n.v."]))
    platform.process()
    assert _price_type(platform) == "string"
    assert platform.store.rows("SELECT count(*) AS n FROM raw.quarantine") == [{"n": 0}]
