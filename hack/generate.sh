#!/usr/bin/env bash
# Writes everything in the tree that is generated: the CRD, the chart's copy of it, the tables of the chart's README,
# the table of schemes in docs/models.md, and the protobuf stubs.
#   hack/generate.sh           writes
#   hack/generate.sh --check   writes nothing; fails when a file differs from what would be written
# Needs .venv (make venv).
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
crd=crds/tfs-operator.io_tfmodels.yaml
chart_crd=charts/tfs-operator/files/tfmodels-crd.yaml

write_crds() { # folder: a copy of the tree, or the tree itself
  mkdir -p "$1/$(dirname "$crd")" "$1/$(dirname "$chart_crd")"
  $bin/tfs-operator crd >"$1/$crd"
  $bin/tfs-operator crd --annotation helm.sh/resource-policy=keep >"$1/$chart_crd"
}

check() {
  local fresh
  fresh=$(mktemp -d)
  # shellcheck disable=SC2064  # the folder of now, not of the time of the trap
  trap "rm -rf '$fresh'" EXIT
  write_crds "$fresh"
  hack/generate-proto.sh "$fresh/proto"
  same "$fresh/$crd" "$crd"
  same "$fresh/$chart_crd" "$chart_crd"
  for stub in "$fresh"/proto/tfs_operator/serving/*; do
    same "$stub" "operator/tfs_operator/serving/$(basename "$stub")"
  done
  $bin/python -m hack.chart_readme --check
  $bin/python -m hack.models_page --check
  echo "generated files are up to date"
}

same() { # fresh file, file in the tree
  diff -u "$2" "$1" || { echo "$2 is out of date: run make generate" >&2; exit 1; }
}

case "${1:-}" in
  --check) check ;;
  "") write_crds . && $bin/python -m hack.chart_readme && $bin/python -m hack.models_page && hack/generate-proto.sh ;;
  *) echo "usage: hack/generate.sh [--check]" >&2; exit 2 ;;
esac
