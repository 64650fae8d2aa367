"""Schemathesis over every documented route: no server error, nothing that the documents do not say."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.api.conftest import Api

#: Routes that work for seconds or send what was captured elsewhere; each has tests of its own.
LEFT_OUT = "mutations|compare|/login|/logout|/oidc"


def test_the_api_keeps_to_its_documents_whatever_is_asked(api: Api, tmp_path: Path) -> None:
    pytest.importorskip("schemathesis")
    url = str(api.client.base_url).rstrip("/")
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/api/openapi.json"),
        *("--url", url, "--phases", "examples,coverage,fuzzing", "--max-examples", "4", "--seed", "7"),
        *("--exclude-path-regex", LEFT_OUT, "--workers", "1", "--generation-database", "none"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-2000:]
