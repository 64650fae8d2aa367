#!/usr/bin/env bash
# Installs what is missing, then lints, type-checks and tests. Arguments go to pytest: ./test.sh tests/unit -k kernel
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_dqm dev,kafka,s3
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/ty check
if [ $# -gt 0 ]; then exec .venv/bin/python -m pytest "$@"; fi
# One process more than cores: a third of the time a test waits for a server.
.venv/bin/python -m pytest tests/unit tests/integration -n $(($(nproc) + 1)) --dist loadscope
.venv/bin/python -m pytest tests/chaos
# Browser tests run apart: their event loop and the others' do not share a process well.
.venv/bin/python -m pytest tests/e2e
