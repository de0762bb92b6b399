#!/usr/bin/env bash
# hack/node-image.sh: builds the kind node image from packages alone (Go modules, Debian) and prints its name.
# Seconds when it is there already: the name holds a checksum of all that it is made of.
# Needs Docker (hack/docker.sh up), and root on Debian for debootstrap.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly repository=tfs-operator/node source=$TFS_ROOT/hack/node
readonly control_plane=(kube-apiserver kube-controller-manager kube-scheduler)
readonly programs=(etcd kube-apiserver kubectl kubelet kubeadm kube-controller-manager kube-scheduler kube-proxy
  coredns pause)
# The oldest builder will do, and it is the one that Debian's docker.io has.
export DOCKER_BUILDKIT=0

# fingerprint: of everything that the image is made of.
fingerprint() {
  local parts
  parts=$(
    cd "$TFS_ROOT/hack"
    find node tools/{kubernetes,etcd,coredns,pause} -type f -print0 | sort -z | xargs -0 sha256sum
    sha256sum node-image.sh debian-base.sh
    grep -E '^(KUBERNETES|ETCD|COREDNS|PAUSE|NODE_DEBIAN)' versions.env
  )
  sha256sum <<<"$parts" | cut -c 1-8
}

# scratch_image TAG PROGRAM FOLDER: an image that holds one static program and nothing else.
scratch_image() {
  local program
  program=$(readlink -f "$TFS_CACHE/bin/$2")
  tar -C "$(dirname "$program")" --transform "s#^#$3/#" -c "$2" | docker import \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change "ENTRYPOINT [\"/$3/$2\"]" - "$1"
  images+=("$1")
}

# proxy_image TAG BASE: kube-proxy calls iptables, which comes from the node's base.
proxy_image() {
  local context
  context=$(mktemp -d)
  cp -L "$TFS_CACHE/bin/kube-proxy" "$context/"
  docker build --quiet --build-arg "BASE_IMAGE=$2" --tag "$1" --file - "$context" \
    <"$source/kube-proxy.Dockerfile"
  rm -r "$context"
  images+=("$1")
}

# assemble IMAGE BASE: under the names that kubeadm asks for, so that the cluster pulls nothing.
assemble() {
  local image=$1 base=$2 context name images=()
  for name in "${control_plane[@]}"; do
    scratch_image "registry.k8s.io/$name:$KUBERNETES_VERSION" "$name" usr/local/bin
  done
  scratch_image "registry.k8s.io/etcd:${ETCD_VERSION#v}-0" etcd usr/local/bin
  scratch_image "registry.k8s.io/coredns/coredns:$COREDNS_VERSION" coredns .
  scratch_image "registry.k8s.io/pause:$PAUSE_VERSION" pause .
  proxy_image "registry.k8s.io/kube-proxy:$KUBERNETES_VERSION" "$base"

  context=$(mktemp -d "$TFS_CACHE/node.XXXXXX")
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$context'" EXIT
  cp -r "$source/." "$context/"
  sed -i "s/@PAUSE_VERSION@/$PAUSE_VERSION/" "$context/etc/containerd/config.toml"
  mkdir -p "$context/bin" "$context/kind/images"
  for name in kubelet kubeadm kubectl; do cp -L "$TFS_CACHE/bin/$name" "$context/bin/"; done
  docker save -o "$context/kind/images/all.tar" "${images[@]}"
  printf '%s' "$KUBERNETES_VERSION" >"$context/kind/version"
  docker build --quiet --build-arg "BASE_IMAGE=$base" --tag "$image" "$context"
  docker image rm "${images[@]}"   # only the copies inside the node are used
}

# remove_older IMAGE: those that nothing uses; one that a cluster still runs on stays.
remove_older() {
  local each
  docker images --format '{{.Repository}}:{{.Tag}}' "$repository" | while read -r each; do
    if [[ $each != "$1" ]]; then docker image rm "$each" >/dev/null 2>&1 || true; fi
  done
}

build_node_image() {
  local image=$1 base packages bootstrap
  if docker image inspect "$image" >/dev/null 2>&1; then return; fi
  mapfile -t packages < <(xargs -n 1 <"$source/packages.txt")
  base=tfs-operator/node-base:$NODE_DEBIAN-$(sha256sum <<<"${packages[*]}" | cut -c 1-8)
  # Debian's part waits for network and disk, Go's for the processor: at the same time.
  "$TFS_ROOT/hack/debian-base.sh" "$base" "$NODE_DEBIAN" "${packages[@]}" &
  bootstrap=$!
  "$TFS_ROOT/hack/binaries.sh" "${programs[@]}" >/dev/null
  wait "$bootstrap" || exit 1
  step "assembling the node image $image" node-image assemble "$image" "$base"
  remove_older "$image"
}

image=$repository:$KUBERNETES_VERSION-$(fingerprint)
locked node-image build_node_image "$image"
echo "$image"
