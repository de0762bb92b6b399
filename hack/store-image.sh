#!/usr/bin/env bash
# hack/store-image.sh: builds the image tfs-test-stores:dev and loads it into the running cluster $TFS_CLUSTER, for
# end-to-end tests whose models come from a store in the cluster. It is made of programs that are built here
# (hack/binaries.sh), so no registry is asked. An image whose programs are unchanged is not built again.
set -euo pipefail
shopt -s inherit_errexit
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly image=tfs-test-stores:dev
readonly inputs_label=tfs-operator.io/inputs
readonly programs=(versitygw fake-gcs-server registry)
# The oldest builder will do, and it is the one that Debian's docker.io has.
export DOCKER_BUILDKIT=0

# stage FOLDER: what the Dockerfile there copies.
stage() {
  local paths
  mapfile -t paths < <("$TFS_ROOT/hack/binaries.sh" "${programs[@]}")
  ((${#paths[@]} == ${#programs[@]})) || die "hack/binaries.sh did not make ${programs[*]}"
  cp "${paths[@]}" "$TFS_ROOT"/testing/stores/image/* "$1"
}

label_of() { docker image inspect --format "{{index .Config.Labels \"$inputs_label\"}}" "$1" 2>/dev/null || true; }

build() {
  local context inputs before
  context=$(mktemp -d "$TFS_CACHE/context.XXXXXX")
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$context'" EXIT
  stage "$context"
  inputs=$(cd "$context" && sha256sum ./* | sha256sum | cut -c 1-16)
  if [[ $(label_of "$image") == "$inputs" ]]; then return; fi
  before=$(docker image inspect --format '{{.Id}}' "$image" 2>/dev/null || true)
  step "building $image" image-stores docker build --label "$inputs_label=$inputs" --tag "$image" "$context"
  if [[ -n $before ]]; then docker image rm "$before" >/dev/null 2>&1 || true; fi
}

main() {
  "$TFS_ROOT/hack/docker.sh" up
  build
  "$TFS_ROOT/hack/load-image.sh" "$image"
}

(($# == 0)) || die "usage: hack/store-image.sh"
locked store-image main
