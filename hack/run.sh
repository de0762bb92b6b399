#!/usr/bin/env bash
# hack/run.sh COMMAND…: runs it in the work tree with the environment of hack/env.sh and .venv first on PATH.
set -euo pipefail
# shellcheck source=hack/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$TFS_ROOT"
export PATH="$TFS_ROOT/.venv/bin:$PATH"
exec "$@"
