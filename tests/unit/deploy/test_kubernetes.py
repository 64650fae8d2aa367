"""The manifests are what Kubernetes takes, and name each other and dqm's settings rightly."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from dqm_assets.settings import Settings

FOLDER = Path(__file__).parents[3] / "deploy" / "kubernetes"
MANIFESTS = list(yaml.safe_load_all((FOLDER / "dqm.yaml").read_text()))
VALUES = yaml.safe_load((FOLDER / "values.yaml").read_text())
#: The oldest release that tells a pod its number, and the newest that is known.
RELEASES = ("1.31", kubernetes_validate.latest_version())


def named(kind: str) -> set[str]:
    return {manifest["metadata"]["name"] for manifest in MANIFESTS if manifest["kind"] == kind}


def of(key: str, tree: Any) -> list[Any]:
    """Every value of a key, wherever it is."""
    if isinstance(tree, list):
        return [value for item in tree for value in of(key, item)]
    if isinstance(tree, dict):
        found = [tree[key]] if key in tree else []
        return found + [value for item in tree.values() for value in of(key, item)]
    return []


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest["kind"])
def test_every_manifest_is_valid(manifest: dict[str, Any], release: str) -> None:
    kubernetes_validate.validate(manifest, release, strict=True)


def test_the_charts_values_name_what_the_manifests_make() -> None:
    assert set(of("claimName", VALUES)) == set(of("claimName", MANIFESTS)) == named("PersistentVolumeClaim")
    assert {ref["name"] for refs in of("envConfigMaps", VALUES) for ref in refs} == named("ConfigMap")
    secrets = {ref["name"] for refs in of("envSecrets", VALUES) for ref in refs}
    assert secrets == {VALUES["global"]["postgresqlSecretName"]}
    assert secrets == {ref["name"] for ref in of("secretRef", MANIFESTS)}


def test_every_setting_is_one_that_dqm_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    [settings] = [manifest["data"] for manifest in MANIFESTS if manifest["kind"] == "ConfigMap"]
    ours = {name for name in settings if name.startswith("DQM_")}
    assert {name.removeprefix("DQM_").lower() for name in ours} <= set(Settings.model_fields)
    for name in ours:
        monkeypatch.setenv(name, settings[name])
    assert Settings().store_location.startswith("s3://")


def test_there_are_as_many_consumers_as_shares() -> None:
    [consumers] = [manifest["spec"] for manifest in MANIFESTS if manifest["kind"] == "StatefulSet"]
    [shares] = [entry["value"] for entry in of("env", consumers)[0] if entry["name"] == "SHARES"]
    assert consumers["replicas"] == int(shares)
