#!/usr/bin/env bash
# Writes operator/tfs_operator/serving/model_management_pb2.py and .pyi from the .proto beside them.
#   hack/generate-proto.sh [OUT]   OUT: a source root to write to instead of operator/
# Called by hack/generate.sh; the same input gives the same bytes.
set -euo pipefail

# shellcheck source=hack/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$TFS_ROOT"

python=${TFS_PYTHON:-$TFS_ROOT/.venv/bin/python}
out=${1:-operator}
mkdir -p "$out"
bin=$(cd "$(dirname "$python")" && pwd)

"$python" -m grpc_tools.protoc \
  --proto_path=operator \
  --plugin=protoc-gen-mypy="$bin/protoc-gen-mypy" \
  --python_out="$out" \
  --mypy_out="quiet:$out" \
  operator/tfs_operator/serving/model_management.proto
