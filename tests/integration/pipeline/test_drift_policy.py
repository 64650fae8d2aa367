"""What becomes of files whose columns are not those of their contract, policy by policy."""

import json
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dqm_assets.pipeline.contract_results import contract_results
from dqm_assets.pipeline.schema_history import schema_steps
from dqm_assets.quality.contracts import Contract, load_contract
from tests.integration.pipeline.platform import Platform

HEAD = "apiVersion: v3.2.0\nkind: DataContract\nid: t\nversion: 1.0.0\n"
MakePlatform = Callable[..., Platform]


def write(folder: Path, policy: str, most: int = 100) -> Contract:
    path = folder / f"{policy}{most}.odcs.yaml"
    path.write_text(
        HEAD
        + textwrap.dedent(f"""
        customProperties:
          - {{property: driftPolicy, value: {policy}}}
        schema:
          - name: orders
            properties:
              - {{name: price, logicalType: number, logicalTypeOptions: {{maximum: {most}}}}}
              - {{name: state, logicalType: string, required: true, enum: [{{value: new}}, {{value: paid}}]}}
        """)
    )
    return load_contract(path)


def with_contract(platform: Platform, contract: Contract) -> Platform:
    return replace(platform, dataset=replace(platform.dataset, contract=contract))


@pytest.fixture(scope="module")
def orders(new_platform: MakePlatform) -> Platform:
    return new_platform("orders")


GOOD = b"price,state\n1,new\n2,paid\n"


def test_quarantine_keeps_broken_files_and_rows_out_of_the_raw_table(
    orders: Platform, tmp_path: Path
) -> None:
    strict = with_contract(orders, write(tmp_path, "quarantine"))
    strict.drop("a-2026-01-01.csv", GOOD)
    strict.drop("b-2026-01-02.csv", b"price,status\n3,new\n")
    strict.drop("c-2026-01-03.csv", b"price,state\n4,new\n5,\n6,lost\n7,paid\n")
    strict.process()
    prices = strict.store.rows("SELECT price FROM raw.orders ORDER BY price")
    assert [row["price"] for row in prices] == [1, 2, 4, 7]
    kept = strict.store.rows(
        "SELECT line, column_name, code, reason, raw_text FROM raw.quarantine ORDER BY file, line"
    )
    assert [(row["line"], row["column_name"], row["code"]) for row in kept] == [
        (0, "", "schema_drift"),
        (3, "state", "schema_drift"),
        (4, "state", "schema_drift"),
    ]
    assert "state was probably renamed to status" in kept[0]["reason"]
    assert [row["raw_text"] for row in kept[1:]] == ["5.0,", "6.0,lost"]
    runs = strict.store.rows(
        "SELECT status, rows_in, rows_loaded, rows_quarantined FROM metrics.runs ORDER BY file"
    )
    assert [row["status"] for row in runs] == ["GOOD", "QUARANTINED", "GOOD"]
    assert (runs[2]["rows_in"], runs[2]["rows_loaded"], runs[2]["rows_quarantined"]) == (4, 2, 2)


def test_warn_loads_what_breaks_and_calls_the_run_bad_while_accept_calls_it_good(
    new_platform: MakePlatform, tmp_path: Path
) -> None:
    found = {}
    for policy in ("warn", "accept"):
        platform = with_contract(new_platform("orders"), write(tmp_path, policy))
        platform.drop("a-2026-01-01.csv", b"price,state,extra\n1,new,1\n2,paid,2\n")
        platform.drop("b-2026-01-02.csv", GOOD)
        found[policy] = platform.process()[-1]
        assert platform.store.rows("SELECT count(*) AS n FROM raw.orders")[0]["n"] == 4
    assert not found["warn"].good
    assert {reason.code for reason in found["warn"].reasons} == {"schema"}
    assert found["accept"].good


def test_a_renamed_column_is_one_alert_with_the_rename_however_many_clauses_need_it(
    new_platform: MakePlatform, tmp_path: Path
) -> None:
    platform = with_contract(new_platform("orders"), write(tmp_path, "warn"))
    platform.drop("a-2026-01-01.csv", GOOD)
    platform.drop("b-2026-01-02.csv", b"price,status\n3,new\n4,paid\n")
    run = platform.process()[-1]
    needed = [clause.id for clause in platform.dataset.contract.clauses if clause.column == "state"]
    assert len(needed) > 1
    (alert,) = platform.store.rows("SELECT * FROM monitoring.alerts")
    assert (alert["detector"], alert["metric"], alert["status"]) == ("schema", "missing_columns", "open")
    assert "state was probably renamed to status" in alert["title"]
    assert all(clause in alert["title"] for clause in needed)
    assert alert["raised_at"] > alert["opened_ts"]
    told = [reason.message for reason in run.reasons if "cannot be judged" in reason.message]
    assert told == [f"the column 'state' is missing: {len(needed)} clauses cannot be judged"]
    assert {reason.code for reason in run.reasons} == {"schema"}

    platform.drop("c-2026-01-03.csv", GOOD.replace(b"1", b"5"))
    platform.process()
    rows = platform.store.rows("SELECT status FROM monitoring.alerts WHERE metric = 'missing_columns'")
    assert rows == [{"status": "resolved"}]
    assert platform.store.rows("SELECT count(*) AS n FROM monitoring.alerts WHERE detector = 'contract'") == [
        {"n": 0}
    ]


def test_the_history_of_columns_is_told_as_a_diff(new_platform: MakePlatform, tmp_path: Path) -> None:
    platform = with_contract(new_platform("orders"), write(tmp_path, "warn"))
    platform.drop("a-2026-01-01.csv", GOOD)
    platform.drop("b-2026-01-02.csv", GOOD.replace(b"1", b"3"))
    platform.drop("c-2026-01-03.csv", b"price,status,extra\n3,new,7\n")
    platform.process()
    newest, first = schema_steps(platform.store, "orders")
    assert (first.runs, first.diff) == (2, ("+ price: double", "+ state: string"))
    assert newest.diff == ("  price: double", "+ status: string", "+ extra: int64", "- state: string")
    assert any("state was probably renamed to status" in told for told in newest.breaches)
    assert newest.policy == "warn"


def test_a_null_in_a_column_that_never_had_one_and_a_renamed_category_are_changes(
    new_platform: MakePlatform,
) -> None:
    platform = new_platform("orders")
    body = b"".join(b"%d,%s\n" % (n, b"Mainland China" if n % 2 else b"France") for n in range(40))
    for day in range(1, 22):
        platform.drop(f"a-2026-01-{day:02}.csv", b"n,country\n%d,France\n" % (100 + day) + body)
    platform.drop(
        "a-2026-01-22.csv", b"n,country\n" + body.replace(b"Mainland China", b"China") + b",France\n"
    )
    platform.process()
    (row,) = platform.store.rows(
        "SELECT changes FROM monitoring.schema_history WHERE changes::VARCHAR <> '[]'"
    )
    changes = {change["kind"]: change for change in json.loads(row["changes"])}
    assert changes.keys() == {"nullability", "values"}
    assert "'Mainland China' is probably called 'China' now" in changes["values"]["detail"]
    assert not any(change["breaking"] for change in changes.values())


def test_outcomes_are_judged_again_when_a_threshold_changes(
    new_platform: MakePlatform, tmp_path: Path
) -> None:
    platform = with_contract(new_platform("orders"), write(tmp_path, "warn"))
    platform.drop("a-2026-01-01.csv", GOOD)
    (run,) = platform.process()
    assert run.good
    platform = with_contract(platform, write(tmp_path, "warn", most=1))
    results = contract_results(platform.store, platform.dataset, [run.run_id])[run.run_id]
    assert [outcome.clause for outcome in results if not outcome.passed] == ["price__maximum"]
    again = contract_results(platform.store, platform.dataset, [run.run_id])[run.run_id]
    assert {outcome.checked_at for outcome in again} == {outcome.checked_at for outcome in results}


def _readings(name: str, day: int) -> bytes:
    return "".join(
        [f"{name},site\n", *(f"{20 + (n * 7 + day) % 40}.5,s{n % 3}\n" for n in range(60))]
    ).encode()


def test_a_column_whose_values_go_on_under_another_name_is_a_rename(new_platform: MakePlatform) -> None:
    platform = new_platform("readings")
    # Judged by the profile that was stored of the run before, then by rows that arrive together.
    platform.drop("a-2026-01-01.csv", _readings("temperature", 1))
    platform.process()
    platform.drop("b-2026-01-02.csv", _readings("celsius", 2))
    platform.process()
    platform.drop("c-2026-01-03.csv", _readings("warmth", 3))
    platform.drop("d-2026-01-04.csv", _readings("grade", 4))
    platform.process()
    rows = platform.store.rows("SELECT changes FROM monitoring.schema_history ORDER BY ts")
    told = [[change["detail"] for change in json.loads(row["changes"])] for row in rows]
    assert told[0] == []
    for (detail, *others), before, after in zip(
        told[1:], ("temperature", "celsius", "warmth"), ("celsius", "warmth", "grade"), strict=True
    ):
        assert detail.startswith(f"column {before} was probably renamed to {after} (")
        assert others == []
