from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from dqm_assets.ingest.inference import infer_column

STAMP = pa.timestamp("us", tz="UTC")


def infer(values: list[str | None]) -> pa.ChunkedArray:
    return infer_column(pa.chunked_array([pa.array(values, pa.string())]))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([None, None], pa.null()),
        (["true", "FALSE", None], pa.bool_()),
        (["1", "-2", None], pa.int64()),
        (["0", "1"], pa.int64()),
        ([" 1", "2 "], pa.int64()),
        (["1", "NA", "", "null"], pa.int64()),
        (["1", "2.5", "1e9"], pa.float64()),
        (["0.5", "-0.25", "0"], pa.float64()),
        (["nan", "1", "inf"], pa.float64()),
        (["nan"] * 300 + ["1.5"], pa.float64()),
        (["nan", "nan"], pa.string()),
        (["NA", "NA"], pa.string()),
        (["NA", "FR"], pa.string()),
        (["007", "123"], pa.string()),
        (["1", "2", "03"], pa.string()),
        (["00.11", "1.5"], pa.string()),
        (["0x1F", "2"], pa.string()),
        (["12345678901234567890", "1"], pa.string()),
        (["1,5", "2,5"], pa.string()),
        (["yes", "no"], pa.string()),
        (["1"] * 300 + ["x"], pa.string()),
        (["1"] * 300 + ["1.5"], pa.float64()),
        (["2020-01-01", "2020-02-29"], pa.date32()),
        (["2020-01-01", "2020-01-01 10:00"], STAMP),
        (["2020-02-30", "2020-01-01"], pa.string()),
        (["01/02/2020", "03/04/2020"], pa.string()),
        (["01/02/2020"] * 300 + ["31/12/2020"], pa.date32()),
        (["13/01/2020", "01/13/2020"], pa.string()),
        (["1.2.20", "1.3.20"], pa.string()),
        (["10:30", "11:00"], pa.string()),
        (["192.168.0.1", "10.0.0.1"], pa.string()),
    ],
)
def test_type_is_decided_by_all_values(values: list[str | None], kind: pa.DataType) -> None:
    typed = infer(values)
    assert typed.type == kind
    assert len(typed) == len(values)


def test_text_is_kept_as_it_is() -> None:
    assert infer([" a ", "NA", None, "1"]).to_pylist() == [" a ", "NA", None, "1"]


def test_values_survive() -> None:
    assert infer(["2020-01-01", None]).to_pylist() == [date(2020, 1, 1), None]
    assert infer(["1/22/2020 17:00", "-"]).to_pylist() == [datetime(2020, 1, 22, 17, tzinfo=UTC), None]
    assert infer(["9223372036854775807"]).to_pylist() == [2**63 - 1]
