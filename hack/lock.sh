#!/usr/bin/env bash
# Compiles the lock files under requirements/ anew, from the .in files beside them. Needs PyPI; uv comes from there, in
# the version and with the checksums of requirements/lock.txt. With --upgrade that lock is renewed too, for the next run.
#   hack/lock.sh [--upgrade]
set -euo pipefail
cd "$(dirname "$0")/../requirements"
tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
python3 -m venv "$tool"
"$tool/bin/pip" install --quiet --no-deps --only-binary :all: --require-hashes -r lock.txt

lock() { # name, further options…
  local name=$1
  shift
  "$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-header --no-annotate "$@" "$name.in" -o "$name.txt"
}

lock operator "$@"
lock audit "$@"
lock lock "$@"
# tensorflow-serving-api asks for `tensorflow`; see overrides.txt.
lock dev --override overrides.txt "$@"
# The double needs TensorFlow's library and protos, not its Python dependencies.
lock model-server --no-deps "$@"
