#!/usr/bin/env bash
# hack/load-image.sh IMAGE…: `kind load docker-image` into the cluster, for those that the node lacks, all in one go, so
# that layers which they share are copied once.
# An image counts as there when the node has its name and was last given the same image ID under that name,
# so that a big unchanged one (TensorFlow takes minutes) costs nothing. Needs a running cluster.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly node=$TFS_CLUSTER-control-plane
# Beside the node's image store, so that both come and go together.
readonly notes=/var/lib/containerd/tfs-operator-loaded

# full_name IMAGE: as containerd calls it, with registry and tag.
full_name() {
  local name=$1
  if [[ ${name##*/} != *[:@]* ]]; then name=$name:latest; fi
  case ${name%%/*} in
    "$name") echo "docker.io/library/$name" ;;
    *.* | *:* | localhost) echo "$name" ;;
    *) echo "docker.io/$name" ;;
  esac
}

note_of() { echo "$notes/$(sha256sum <<<"$1" | cut -c 1-32)"; }

# has NAME ID: whether the node has it.
has() {
  # shellcheck disable=SC2016 # expanded in the node
  docker exec "$node" sh -c '[ "$(cat "$1" 2>/dev/null)" = "$2" ] && ctr -n k8s.io images ls -q | grep -qxF "$3"' \
    sh "$(note_of "$1")" "$2" "$1"
}

id_of() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null; }

# note IMAGE: that the node has what Docker has under that name.
note() {
  # shellcheck disable=SC2016 # expanded in the node
  docker exec "$node" sh -c 'mkdir -p "${1%/*}" && echo "$2" > "$1"' sh "$(note_of "$(full_name "$1")")" "$(id_of "$1")"
}

load() {
  local image id missing=()
  for image in "$@"; do
    id=$(id_of "$image") || die "Docker has no image $image to load"
    has "$(full_name "$image")" "$id" || missing+=("$image")
  done
  if ((${#missing[@]} == 0)); then return; fi
  step "loading ${missing[*]} into the cluster $TFS_CLUSTER" load \
    kind load docker-image --name "$TFS_CLUSTER" "${missing[@]}"
  for image in "${missing[@]}"; do note "$image"; done
}

(($# > 0)) || die "usage: hack/load-image.sh IMAGE…"
docker container inspect "$node" >/dev/null 2>&1 || die "there is no cluster $TFS_CLUSTER: hack/cluster.sh up makes it"
locked "load-$TFS_CLUSTER" load "$@"
