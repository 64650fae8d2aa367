#!/usr/bin/env bash
# Installs what is missing and starts dqm with simulated sources; `./run.sh --once` does one whole pass and ends.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
install_dqm kafka
case " $* " in
    *" --once "*) exec .venv/bin/dqm up "$@" ;;
    *) exec .venv/bin/dqm up --demo "$@" ;;
esac
