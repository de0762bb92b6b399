#!/usr/bin/env bash
# hack/metrics-server.sh: metrics-server in the running cluster $TFS_CLUSTER, for the end-to-end test of autoscaling.
# It is built here, from its Go module (hack/binaries.sh), and installed by the module's own manifests, with the two
# differences that a kind node asks for: its kubelet's certificate is nobody's, and figures come every 10 s.
set -euo pipefail
shopt -s inherit_errexit
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly image=tfs-metrics-server:dev
readonly inputs_label=tfs-operator.io/inputs
# The oldest builder will do, and it is the one that Debian's docker.io has.
export DOCKER_BUILDKIT=0

label_of() { docker image inspect --format "{{index .Config.Labels \"$inputs_label\"}}" "$1" 2>/dev/null || true; }

build() { # FOLDER: with the program in it
  local inputs
  inputs=$(sha256sum "$1/metrics-server" | cut -c 1-16)
  if [[ $(label_of "$image") == "$inputs" ]]; then return; fi
  printf 'FROM scratch\nCOPY metrics-server /metrics-server\nENTRYPOINT ["/metrics-server"]\n' >"$1/Dockerfile"
  step "building $image" image-metrics-server docker build --label "$inputs_label=$inputs" --tag "$image" "$1"
}

# manifests FOLDER: the module's, with our differences.
manifests() {
  cp -r "$TFS_CACHE/go/mod/sigs.k8s.io/metrics-server@$METRICS_SERVER_VERSION/manifests/base" "$1/base"
  chmod -R u+w "$1/base"
  cat >"$1/kustomization.yaml" <<END
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [base]
images:
- name: gcr.io/k8s-staging-metrics-server/metrics-server
  newName: ${image%:*}
  newTag: ${image#*:}
patches:
- target: {kind: Deployment, name: metrics-server}
  patch: |
    - {op: add, path: /spec/template/spec/containers/0/args/-, value: --kubelet-insecure-tls}
    - {op: add, path: /spec/template/spec/containers/0/args/-, value: --metric-resolution=10s}
    - {op: add, path: /spec/template/spec/containers/0/args/-, value: --kubelet-request-timeout=5s}
END
}

kubectl_here() { kubectl --kubeconfig "$TFS_KUBECONFIG" "$@"; }

served() { kubectl_here get --raw "/apis/metrics.k8s.io/v1beta1/nodes/$TFS_CLUSTER-control-plane"; }

main() {
  local folder
  folder=$(mktemp -d "$TFS_CACHE/context.XXXXXX")
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$folder'" EXIT
  "$TFS_ROOT/hack/docker.sh" up
  cp "$("$TFS_ROOT/hack/binaries.sh" metrics-server)" "$folder/metrics-server"
  build "$folder"
  "$TFS_ROOT/hack/load-image.sh" "$image"
  manifests "$folder"
  step "installing metrics-server" metrics-server kubectl_here apply --kustomize "$folder"
  wait_for 120 "metrics-server's first figures" served || die "metrics-server has no figures after two minutes"
}

(($# == 0)) || die "usage: hack/metrics-server.sh"
locked metrics-server main
