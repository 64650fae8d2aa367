"""The board and the alert rules under deploy/ ask only for what dqm exposes, by labels that it has."""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from dqm_assets.sources.streams.exposition import StreamCollector
from dqm_assets.sources.streams.meter import StreamMeter, TimeHistogram
from tests.integration.api.conftest import Api

DEPLOY = Path(__file__).parents[3] / "deploy"
BOARD = json.loads((DEPLOY / "grafana/dashboards/dqm.json").read_text())
PANELS = {panel["title"]: [t["expr"] for t in panel["targets"]] for panel in BOARD["panels"]}
RULES = YAML(typ="safe").load((DEPLOY / "prometheus/dqm.rules.yml").read_text())["groups"][0]["rules"]
QUERIES = [*(expr for each in PANELS.values() for expr in each), *(rule["expr"] for rule in RULES)]
#: What Prometheus itself adds.
OWN_NAMES, OWN_LABELS = {"up"}, {"job", "instance"}


def stream_text() -> str:
    meter = StreamMeter("t")
    at = pa.array([datetime.now(UTC).replace(microsecond=0)], pa.timestamp("ms", "UTC"))
    events = pa.table({"produced_at": at, "simulated": [True]})
    letters = events.append_column("code", pa.array(["not_json"]))
    meter.claimed([0])
    meter.take(events, letters)
    watch = SimpleNamespace(topic="t", meter=meter, lag=3)
    reporter = SimpleNamespace(verdicts=TimeHistogram(), windows=1, opened=1)
    registry = CollectorRegistry()
    registry.register(StreamCollector(SimpleNamespace(watches=[watch], reporter=reporter)))
    return generate_latest(registry).decode()


@pytest.fixture
def exposed(api: Api) -> dict[str, set[str]]:
    """Names of everything that a scrape gives, each with its labels."""
    api.get("/metrics/latest")
    found: dict[str, set[str]] = defaultdict(set)
    for text in (api.get("/metrics").text, stream_text()):
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found[sample.name] |= set(sample.labels)
    return found


def asked(query: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric of a query, with the labels of its selector."""
    for name, selector in re.findall(r"\b(dqm_\w+|up)\b(?:\{([^}]*)\})?", query):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", selector))


def test_every_query_asks_for_what_dqm_exposes(exposed: dict[str, set[str]]) -> None:
    for query in QUERIES:
        names = dict(asked(query))
        assert names, query
        assert set(names) <= set(exposed) | OWN_NAMES, query
        grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", query))))
        for name, selected in names.items():
            assert selected | grouped <= exposed.get(name, set()) | OWN_LABELS, query


def test_every_panel_has_a_query_and_a_place_of_its_own() -> None:
    assert len(PANELS) == len(BOARD["panels"]) >= 12
    assert all(all(exprs) for exprs in PANELS.values())
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in BOARD["panels"]}
    assert len(places) == len(PANELS)


def test_prometheus_reads_the_queries_the_rules_and_the_configuration(tmp_path: Path) -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("no promtool here: apt-get install prometheus")
    recorded = [{"record": f"panel_{place}", "expr": query} for place, query in enumerate(QUERIES)]
    with (tmp_path / "panels.yml").open("w") as file:
        YAML().dump({"groups": [{"name": "panels", "rules": recorded}]}, file)
    for command in (
        ["check", "rules", str(tmp_path / "panels.yml")],
        ["check", "config", str(DEPLOY / "prometheus/prometheus.yml")],
    ):
        done = subprocess.run([tool, *command], check=False, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_composition_mounts_and_builds_only_what_is_there() -> None:
    services = YAML(typ="safe").load((DEPLOY / "compose.yaml").read_text())["services"]
    for name, service in services.items():
        assert "image" in service, name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (DEPLOY / source).is_dir(), f"{name}: {source}"
        for other in service.get("depends_on", ()):
            assert other in services, f"{name}: {other}"
    build = services["dqm"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
