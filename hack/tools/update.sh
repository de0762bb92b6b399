#!/usr/bin/env bash
# Rewrites hack/tools/*/go.mod and go.sum, and the package-lock.json of azurite, from hack/versions.env. For whoever
# changes a version there; nothing else runs it, so that what users build is exactly what is checked in.
# Needs Go and the Go module proxy, and for azurite npm.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=hack/versions.env
source ../versions.env
export GOFLAGS=-modcacherw GOWORK=off

# begin FOLDER: an empty module in FOLDER, which becomes the current folder.
begin() {
  cd "$1"
  rm -f go.mod go.sum
  printf 'module tfs-operator.io/hack/tools/%s\n\ngo %s.0\n' "$1" "$GO_MINIMUM" >go.mod
}

# tool FOLDER MODULE VERSION PACKAGE: a module that builds PACKAGE of MODULE.
tool() (
  begin "$1"
  go mod edit -require "$2@$3" -tool "$4"
  go mod tidy
)

# node: Kubernetes, etcd and CoreDNS in one module, so that what they share is compiled once.
# kubernetes has no release of its staging repositories in its own go.mod: it names v0.0.0 and replaces it
# by a folder, which a dependent module has to replace by the published version.
node() (
  begin node
  local upstream module
  upstream=$(go mod download -json "k8s.io/kubernetes@$KUBERNETES_VERSION" |
    sed -n 's/.*"GoMod": "\(.*\)",*/\1/p')
  awk '$2 == "v0.0.0" { print $1 }' "$upstream" | while read -r module; do
    go mod edit -replace "$module=$module@$KUBERNETES_STAGING_VERSION"
  done
  go mod edit -require "k8s.io/kubernetes@$KUBERNETES_VERSION" -tool k8s.io/kubernetes/cmd/kubectl \
    -require "go.etcd.io/etcd/server/v3@$ETCD_VERSION" -require "github.com/coredns/coredns@$COREDNS_VERSION"
  go mod tidy
)

# own FOLDER MODULE VERSION: a program of our own (main.go), for which only the dependencies are pinned.
own() (
  begin "$1"
  go mod edit -require "$2@$3"
  go mod tidy
)

# data FOLDER MODULE VERSION: a module of which only files are read, by hack/schemas.sh.
data() (
  begin "$1"
  go mod edit -require "$2@$3"
  go mod download "$2"
)

# azurite: the lock names no registry, so that it holds wherever packages come from.
azurite() (
  cd azurite
  rm -f package-lock.json
  printf '{\n  "private": true,\n  "dependencies": {\n    "azurite": "%s"\n  }\n}\n' "$AZURITE_VERSION" >package.json
  npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund
)

case ${1:-all} in
  node) node ;;
  kind) tool kind sigs.k8s.io/kind "$KIND_VERSION" sigs.k8s.io/kind ;;
  helm4) tool helm4 helm.sh/helm/v4 "$HELM_VERSION" helm.sh/helm/v4/cmd/helm ;;
  helm3) tool helm3 helm.sh/helm/v3 "$HELM3_VERSION" helm.sh/helm/v3/cmd/helm ;;
  versitygw)
    tool versitygw github.com/versity/versitygw "$VERSITYGW_VERSION" github.com/versity/versitygw/cmd/versitygw
    ;;
  fake-gcs-server) own fake-gcs-server github.com/fsouza/fake-gcs-server "$FAKE_GCS_SERVER_VERSION" ;;
  registry) own registry github.com/distribution/distribution/v3 "$REGISTRY_VERSION" ;;
  rclone) own rclone github.com/rclone/rclone "$RCLONE_VERSION" ;;
  kubeconform)
    tool kubeconform github.com/yannh/kubeconform "$KUBECONFORM_VERSION" github.com/yannh/kubeconform/cmd/kubeconform
    ;;
  actionlint)
    tool actionlint github.com/rhysd/actionlint "$ACTIONLINT_VERSION" github.com/rhysd/actionlint/cmd/actionlint
    ;;
  prometheus-operator)
    data prometheus-operator github.com/prometheus-operator/prometheus-operator "$PROMETHEUS_OPERATOR_VERSION"
    ;;
  azurite) azurite ;;
  all) for each in node kind helm4 helm3 versitygw fake-gcs-server registry rclone kubeconform actionlint prometheus-operator azurite; do "./update.sh" "$each"; done ;;
  *) echo "update.sh: no tool is called $1" >&2; exit 2 ;;
esac
