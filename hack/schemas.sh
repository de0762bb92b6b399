#!/usr/bin/env bash
# hack/schemas.sh: prints a folder with a JSON schema for every kind that a chart may render, for kubeconform:
# Kubernetes' own kinds as the pinned release has them, those of prometheus-operator, and KEDA's. Made once, from files of
# Go modules, whose versions and checksums are checked in (hack/tools, hack/versions.env). Needs .venv, and Go as hack/binaries.sh.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$TFS_ROOT"

inputs=$(cat hack/json_schemas.py hack/schemas.sh hack/tools/{node,prometheus-operator}/go.sum | sha256sum)
readonly home=$TFS_CACHE/tools/schemas-$KUBERNETES_VERSION-$KEDA_VERSION-${inputs:0:8}

# folder_of TOOL MODULE: of the module's files, at the version and with the checksum that hack/tools/TOOL has.
folder_of() (
  export GOFLAGS=-modcacherw GOWORK=off GOTOOLCHAIN=local GOMODCACHE=$TFS_CACHE/go/mod
  cd "hack/tools/$1"
  go mod download "$2"
  go list -m -f '{{.Dir}}' "$2"
)

make_schemas() {
  local kubernetes monitoring kind crds=()
  kubernetes=$(folder_of node k8s.io/kubernetes)
  monitoring=$(folder_of prometheus-operator github.com/prometheus-operator/prometheus-operator)
  for kind in podmonitors servicemonitors prometheusrules; do
    crds+=("$monitoring/example/prometheus-operator-crd/monitoring.coreos.com_$kind.yaml")
  done
  crds+=("$("$TFS_ROOT/hack/keda-crd.sh")")
  rm -rf "$home.new"
  .venv/bin/python hack/json_schemas.py "$home.new" "$kubernetes/api/openapi-spec/swagger.json" "${crds[@]}"
  mv "$home.new" "$home"
}

main() {
  if [[ -d $home ]]; then return; fi
  # shellcheck source=hack/go.sh
  source "$TFS_ROOT/hack/go.sh"
  step "making JSON schemas of Kubernetes $KUBERNETES_VERSION, prometheus-operator $PROMETHEUS_OPERATOR_VERSION and KEDA $KEDA_VERSION" \
    schemas make_schemas
}

locked schemas main
echo "$home"
