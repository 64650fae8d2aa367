#!/usr/bin/env bash
# Makes .venv and installs dqm into it; sourced by run.sh and test.sh. Usage: install_dqm [EXTRA,EXTRA]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() { echo "dqm: $1" >&2; exit 2; }

install_dqm() {
    local extras=${1:+"[$1]"} python=""
    for candidate in "${PYTHON:-}" python3.14 python3.13 python3.12 python3.11 python3; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; break; fi
    done
    [ -n "$python" ] || fail "Python 3.11 or newer is needed. Debian: apt-get install python3 python3-venv python3-dev"
    command -v "${CXX:-g++}" >/dev/null || command -v clang++ >/dev/null ||
        fail "a C++17 compiler is needed for the kernel. Debian: apt-get install g++ python3-dev"
    if [ ! -x .venv/bin/pip ]; then
        "$python" -m venv .venv 2>/dev/null || fail "venv is missing. Debian: apt-get install python3-venv"
    fi
    # Installing again takes seconds; it is skipped when nothing that it depends on has changed.
    local stamp=.venv/.dqm-installed wanted
    wanted="$extras $(cat pyproject.toml setup.py constraints.txt $(git ls-files native 2>/dev/null) 2>/dev/null | sha256sum)"
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        echo "dqm: installing into .venv (about two minutes the first time)" >&2
        .venv/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".$extras"
        echo "$wanted" >"$stamp"
    fi
}
