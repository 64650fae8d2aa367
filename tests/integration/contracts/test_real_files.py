"""Contracts over real files: the standard's examples, the COVID reports, simulated detector runs."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from dqm_assets.cli.main import cli
from dqm_assets.ingest import read_file
from dqm_assets.quality.category_drift import category_changes
from dqm_assets.quality.contracts import lint, load_contract, load_contracts
from dqm_assets.quality.contracts.mutation import mutation_test
from dqm_assets.quality.drift import SeenColumn, schema_changes
from dqm_assets.simulate.runs import RunSeries, run_csv
from tests.integration.contracts.good_rows import GOOD_ROWS

SHIPPED = Path(__file__).parents[3] / "contracts"
DETECTOR = SHIPPED / "detector_runs.odcs.yaml"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
Shared = Callable[[str], Path]


def dqm(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout


def test_every_example_of_the_standard_lints_and_each_clause_is_enforced_or_refused(
    shared_data: Shared,
) -> None:
    files = sorted(shared_data("odcs").glob("*.yaml"))
    assert len(files) == 17
    for file in files:
        assert [problem for problem in lint(file) if problem.severity == "error"] == []
        for contract in load_contracts(file):
            states = Counter(row.state for row in contract.explain())
            assert states["enforced"] == len(contract.clauses)
            assert states["refused"] == len(contract.refusals)
            assert all(row.how for row in contract.explain())


def test_every_quality_rule_and_option_of_the_examples_is_accounted_for(shared_data: Shared) -> None:
    for file in sorted(shared_data("odcs").glob("*.yaml")):
        rows = [row for contract in load_contracts(file) for row in contract.explain()]
        paths = {row.path for row in rows}
        for contract, entry in _entries(file):
            for path in _stated(contract, entry):
                assert any(known == path or known.startswith(f"{path}.") for known in paths), (
                    file.name,
                    path,
                )


def _entries(file: Path) -> list[tuple[int, dict]]:
    from dqm_assets.quality.contracts.document import read_document  # noqa: PLC0415

    return list(enumerate(read_document(file).data.get("schema") or []))


def _stated(index: int, entry: dict) -> list[str]:
    """Paths of everything in a schema entry that asks for enforcement."""
    found = [f"schema[{index}].quality[{i}]" for i, _ in enumerate(entry.get("quality") or [])]
    found += [f"schema[{index}].relationships[{i}]" for i, _ in enumerate(entry.get("relationships") or [])]
    for position, prop in enumerate(entry.get("properties") or []):
        base = f"schema[{index}].properties[{position}]"
        found += [f"{base}.quality[{i}]" for i, _ in enumerate(prop.get("quality") or [])]
        found += [f"{base}.relationships[{i}]" for i, _ in enumerate(prop.get("relationships") or [])]
        found += [f"{base}.logicalTypeOptions.{name}" for name in prop.get("logicalTypeOptions") or {}]
        found += [f"{base}.{key}" for key in ("logicalType", "unique") if prop.get(key)]
        found += [f"{base}.{key}" for key in ("required", "items", "properties", "map") if prop.get(key)]
    return found


def test_the_detector_contract_passes_good_runs_and_fails_dropouts_and_impossible_values() -> None:
    contract, series = load_contract(DETECTOR), RunSeries(anomaly_rate=0.5, clean_first=0)
    kinds: Counter[str] = Counter()
    for index in range(40):
        run = series.run(index)
        failed = {r.clause.id for r in contract.check(run.table, now=NOW) if not r.passed}
        kind = run.anomaly.kind if run.anomaly else "good"
        kinds[kind] += 1
        assert bool(failed) == (kind == "dropout"), (index, kind, failed)
    assert kinds["good"] >= 10
    assert kinds["dropout"] >= 2
    impossible = run.table.set_column(
        run.table.column_names.index("value"), "value", pa.array([1e9] * run.table.num_rows)
    )
    assert "value__maximum" in {r.clause.id for r in contract.check(impossible, now=NOW) if not r.passed}


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.name)
def test_a_shipped_contract_lints_without_a_word(file: Path) -> None:
    assert lint(file) == []


def test_every_dataset_of_every_shipped_contract_has_good_rows_to_be_tested_with() -> None:
    shipped = {(file.name, one.dataset) for file in SHIPPED.glob("*.yaml") for one in load_contracts(file)}
    assert shipped == GOOD_ROWS.keys()


@pytest.mark.parametrize(("file", "dataset"), GOOD_ROWS)
def test_a_shipped_contract_has_a_full_mutation_score(file: str, dataset: str) -> None:
    rows = GOOD_ROWS[file, dataset]()
    report = mutation_test(load_contract(SHIPPED / file, dataset), rows, now=NOW)
    assert [one for one in report.results if one.outcome != "caught"] == []


def test_schema_drift_of_the_covid_reports_is_found_on_its_day_and_on_no_other(shared_data: Shared) -> None:
    found: dict[str, list] = {}
    before: list[SeenColumn] = []
    for file in sorted(shared_data("covid-daily-reports").glob("*.csv")):
        parsed = read_file(file)
        seen = [
            SeenColumn(name, str(kind), written)
            for (name, kind), written in zip(parsed.columns_seen, parsed.header_names, strict=True)
        ]
        changes = schema_changes(before, seen) if before else []
        if changes:
            found[file.stem] = [(change.kind, change.column) for change in changes]
        before = seen
    # This copy of the reports keeps the columns of 1 March to the end of the month.
    assert found == {"03-01-2020": [("added", "latitude"), ("added", "longitude")]}


def test_the_country_that_changed_its_name_is_recognised(shared_data: Shared) -> None:
    counts = {
        day: Counter(
            read_file(shared_data(f"covid-daily-reports/03-{day}-2020.csv"))
            .table["country_region"]
            .to_pylist()
        )
        for day in ("10", "11")
    }
    (change,) = category_changes(counts["10"], counts["11"])
    assert (change.kind, change.value, change.now) == ("renamed", "Mainland China", "China")


def test_a_contract_written_from_january_holds_there_and_finds_what_changed(
    shared_data: Shared, tmp_path: Path
) -> None:
    folder, made = shared_data("covid-daily-reports"), tmp_path / "covid.odcs.yaml"
    january = sorted(folder.glob("01-*.csv"))
    code, _ = dqm("contract", "init", *january, "--dataset", "covid", "--output", made)
    assert code == 0
    assert lint(made) == []
    for file in january:
        code, printed = dqm("check", file, "--contract", made, "--json")
        assert (code, json.loads(printed)["drift"]) == (0, [])
    document = json.loads(dqm("check", folder / "02-02-2020.csv", "--contract", made, "--json")[1])
    broken = {clause["id"] for clause in document["clauses"] if not clause["passed"]}
    assert "last_update__format" in broken
    code, printed = dqm("check", folder / "03-01-2020.csv", "--contract", made, "--json")
    assert code == 1
    assert {change["column"] for change in json.loads(printed)["drift"]} == {"latitude", "longitude"}
    document = json.loads(dqm("check", folder / "03-11-2020.csv", "--contract", made, "--json")[1])
    countries = next(c for c in document["clauses"] if c["id"] == "country_region__invalidValues")
    assert not countries["passed"]
    assert "China" in {row["country_region"] for row in countries["sample"]}


def test_the_commands_exit_with_what_they_found(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_bytes(run_csv(RunSeries().run(0)))
    bad.write_bytes(good.read_bytes().replace(b",north,", b",,"))
    assert dqm("check", good, "--contract", DETECTOR)[0] == 0
    code, printed = dqm("check", bad, "--contract", DETECTOR)
    assert code == 1
    assert "sensor__required" in printed
    assert dqm("contract", "lint", DETECTOR, "--explain")[0] == 0
    assert dqm("contract", "test", DETECTOR, "--data", good)[0] == 0
    assert dqm("contract", "test", DETECTOR, "--data", bad)[0] == 1
    assert dqm("contract", "diff", DETECTOR, DETECTOR)[0] == 0
    looser = tmp_path / "looser.yaml"
    looser.write_text(DETECTOR.read_text().replace("maximum: 150", "maximum: 151"))
    code, printed = dqm("contract", "diff", DETECTOR, looser, "--json")
    assert (code, json.loads(printed)["breaking"]) == (1, 1)
    broken = tmp_path / "broken.yaml"
    broken.write_text(DETECTOR.read_text().replace("logicalType: string", "logicalTyp: string"))
    code, printed = dqm("contract", "lint", broken)
    assert code == 1
    assert f"{broken}:" in printed
    assert "did you mean 'logicalType'?" in printed
    broken.write_text("schema: [1\nname: x\n")
    code, printed = dqm("contract", "lint", broken, DETECTOR, "--json")
    (problem,) = json.loads(printed)["problems"]
    assert (code, problem["file"], problem["line"]) == (1, str(broken), 2)
