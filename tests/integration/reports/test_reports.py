"""Reports over a store in which some datasets are well and others are not."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from dqm_assets.cli.main import cli
from dqm_assets.reports.documents import DOCUMENTS, write_reports
from dqm_assets.reports.portfolio import read_portfolio
from dqm_assets.settings import settings as process_settings
from dqm_assets.store import Store

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
ODD_TITLE = "share of nulls of a|b is 0.4 <script>"


def _scores(name: str, *scores: float) -> list[dict[str, object]]:
    first = NOW.date() - timedelta(days=len(scores) - 1)
    return [
        {
            "scope": "dataset",
            "name": name,
            "day": first + timedelta(days=number),
            "score": score,
            "parts": json.dumps({"completeness": score / 100, "alerts": 1.0}),
        }
        for number, score in enumerate(scores)
    ]


@pytest.fixture
def filled(store: Store) -> Store:
    """Orders are well; payments fall, have an open alert and a clause that fails."""
    clauses = [
        {
            "dataset": "payments",
            "run_id": f"r{number}",
            "clause": clause,
            "severity": "error",
            "dimension": "validity",
            "failing_rows": 0 if passed else 7,
            "checked_rows": 100,
            "passed": passed,
            "message": "" if passed else "7 amounts are negative",
            "checked_at": NOW - timedelta(hours=number),
        }
        for number, (clause, passed) in enumerate([("amount", False), ("amount", True), ("id", True)])
    ]
    alerts = [
        {
            "alert_id": status,
            "dataset": "payments",
            "column_name": "amount",
            "segment": "",
            "metric": "null_fraction",
            "detector": "run_metric",
            "severity": "error",
            "status": status,
            "title": ODD_TITLE,
            "opened_ts": NOW - age,
            "last_ts": NOW - age,
            "resolved_ts": NOW - age if status == "resolved" else None,
            "evaluations": 3,
            "owner": "",
            "evidence": json.dumps({"explanation": "SP explains 83 % of it"}),
        }
        for status, age in (("open", timedelta(days=90)), ("resolved", timedelta(days=2)))
    ]
    datasets = [{"dataset": "orders", "owner": "sales"}, {"dataset": "payments", "owner": ""}]
    with store.transaction() as tx:
        tx.upsert("monitoring.datasets", pa.Table.from_pylist(datasets))
        tx.upsert(
            "monitoring.scores",
            pa.Table.from_pylist(_scores("orders", 95.0, 97.0) + _scores("payments", 90.0, 80.0, 60.0)),
        )
        tx.upsert("monitoring.alerts", pa.Table.from_pylist(alerts))
        tx.upsert("monitoring.contract_violations", pa.Table.from_pylist(clauses))
    return store


def test_a_portfolio_names_the_worst_first_and_averages_what_owners_have(filled: Store) -> None:
    portfolio = read_portfolio(filled, now=NOW)
    assert [(d.name, d.score, d.status, d.change) for d in portfolio.datasets] == [
        ("payments", 60.0, "failing", -30.0),
        ("orders", 97.0, "healthy", 2.0),
    ]
    assert portfolio.score == pytest.approx(78.5)
    assert portfolio.status == "warning"
    assert [(o.name, o.score, o.open_alerts) for o in portfolio.owners] == [
        ("nobody", 60.0, 1),
        ("sales", 97.0, 0),
    ]
    assert [score for _, score in portfolio.trend] == [90.0, 87.5, 78.5]
    # An incident that is still open counts, however old it is.
    assert {d.status for d in portfolio.detections} == {"open", "resolved"}
    assert [(c.clause, c.batches, c.failed, c.failing_rows) for c in portfolio.clauses] == [
        ("amount", 2, 1, 7),
        ("id", 1, 0, 0),
    ]


def test_what_happened_after_the_moment_or_before_the_period_is_left_out(filled: Store) -> None:
    earlier = read_portfolio(filled, now=NOW - timedelta(days=1), days=1)
    assert {d.name: d.score for d in earlier.datasets} == {"payments": 80.0, "orders": 95.0}
    assert all(len(d.trend) == 1 for d in earlier.datasets)
    assert all(d.change is None for d in earlier.datasets)


@pytest.fixture
def written(filled: Store, tmp_path: Path) -> dict[str, str]:
    reports = write_reports(
        read_portfolio(filled, now=NOW), tmp_path / "reports", dashboard="http://127.0.0.1:8050"
    )
    assert [report.path.name for report in reports] == list(DOCUMENTS)
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == sorted(DOCUMENTS)
    return {report.path.name: report.path.read_text() for report in reports}


def test_every_row_of_a_table_has_as_many_cells_as_its_heading(written: dict[str, str]) -> None:
    for name in (name for name in DOCUMENTS if name.endswith(".md")):
        tables = re.findall(r"(?:^\|.*\n)+", written[name], re.MULTILINE)
        assert tables, name
        for table in tables:
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(widths) == 1, table


def test_the_documents_say_what_is_wrong(written: dict[str, str]) -> None:
    assert "| ✕ failing |" in written["data_health_scorecard.md"]
    assert "SP explains 83 % of it" in written["detection_summary.md"]
    assert (
        "| ✕ amount | error | validity | 2 | 1 | 7 | 7 amounts are negative |"
        in (written["contract_validation_report.md"])
    )
    assert "**78.5** of 100" in written["PORTFOLIO_HEALTH_REPORT.md"]
    assert "1. **payments**, 60.0: completeness 60 %; [1 open alert]" in written["PORTFOLIO_HEALTH_REPORT.md"]


def test_the_page_needs_nothing_else_and_runs_nothing(written: dict[str, str]) -> None:
    page = written["portfolio_health.html"]
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"""(src|href)=["'](?!http://127\.0\.0\.1|#)""", page.replace("xlink:href", "href"))
    charts = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(charts) == 3
    for chart in charts:
        ElementTree.fromstring(chart)  # noqa: S314 (our own)
        # Light or dark, lines and words have the ink of the page.
        assert "currentColor" in chart
        assert "#000000" not in chart
    assert "prefers-color-scheme: dark" in page


def test_an_empty_store_gives_whole_documents_that_say_so(store: Store, tmp_path: Path) -> None:
    portfolio = read_portfolio(store, now=NOW)
    assert (portfolio.score, portfolio.status) == (None, "unknown")
    write_reports(portfolio, tmp_path, dashboard="http://127.0.0.1:8050")
    assert "Nothing is scored yet" in (tmp_path / "data_health_scorecard.md").read_text()
    assert "No contract was checked" in (tmp_path / "contract_validation_report.md").read_text()
    assert "<svg" not in (tmp_path / "portfolio_health.html").read_text()


def test_the_command_fails_when_a_dataset_does(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DQM_HOME", str(filled.settings.home))
    monkeypatch.setenv("DQM_POSTGRES_URL", str(filled.settings.postgres_url))
    process_settings.cache_clear()
    try:
        result = CliRunner().invoke(cli, ["scorecard", "--json", "--output", str(tmp_path / "out")])
    finally:
        process_settings.cache_clear()
    assert result.exit_code == 1, result.output
    document = json.loads(result.stdout)
    assert {d["dataset"]: d["status"] for d in document["datasets"]} == {
        "payments": "failing",
        "orders": "healthy",
    }
    assert [Path(path).name for path in document["reports"]] == list(DOCUMENTS)
    assert all(Path(path).exists() for path in document["reports"])
