#!/usr/bin/env bash
# hack/offline/node-image.sh: builds the kind node image from packages alone (Go modules, Debian) and prints its name.
# Seconds when it is there already: the name holds a checksum of all that it is made of.
# hack/offline/node-image.sh base: only its Debian base.
# Needs Docker (hack/docker.sh up), and root on Debian for debootstrap.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

readonly repository=tfs-operator/node source=$TFS_ROOT/hack/offline/node
readonly in_pods=(kube-apiserver kube-controller-manager kube-scheduler kube-proxy)
# The oldest builder will do, and it is the one that Debian's docker.io has.
export DOCKER_BUILDKIT=0

# fingerprint: of everything that the image is made of.
fingerprint() {
  local parts
  parts=$(
    cd "$TFS_ROOT/hack"
    find offline/node tools/node -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    sha256sum offline/node-image.sh offline/debian-base.sh
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

# kubernetes_images BASE: one image under the names of all that run in pods; kube-proxy calls iptables, which comes from
# the node's base.
kubernetes_images() {
  local context name tags=()
  context=$(mktemp -d)
  mkdir "$context/programs"
  cp -L "$TFS_CACHE/bin/kube-proxy" "$context/programs/kubernetes"
  for name in "${in_pods[@]}"; do
    ln -s kubernetes "$context/programs/$name"
    tags+=("registry.k8s.io/$name:$KUBERNETES_VERSION")
  done
  docker build --quiet --build-arg "BASE_IMAGE=$1" --tag "${tags[0]}" --file - "$context" \
    <"$source/kubernetes.Dockerfile"
  for name in "${tags[@]:1}"; do docker tag "${tags[0]}" "$name"; done
  rm -r "$context"
  images+=("${tags[@]}")
}

# assemble IMAGE BASE: under the names that kubeadm asks for, so that the cluster pulls nothing.
assemble() {
  local image=$1 base=$2 context name images=()
  scratch_image "registry.k8s.io/etcd:${ETCD_VERSION#v}-0" etcd usr/local/bin
  scratch_image "registry.k8s.io/coredns/coredns:$COREDNS_VERSION" coredns .
  scratch_image "registry.k8s.io/pause:$PAUSE_VERSION" pause .
  kubernetes_images "$base"

  context=$(mktemp -d "$TFS_CACHE/node.XXXXXX")
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$context'" EXIT
  cp -r "$source/." "$context/"
  sed -i "s/@PAUSE_VERSION@/$PAUSE_VERSION/" "$context/etc/containerd/config.toml"
  mkdir -p "$context/bin" "$context/kind/images"
  cp -L "$TFS_CACHE/bin/kubectl" "$context/bin/"
  cp -L "$TFS_CACHE/bin/kubelet" "$context/bin/kubernetes"
  ln -s kubernetes "$context/bin/kubelet"
  ln -s kubernetes "$context/bin/kubeadm"
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

mapfile -t packages < <(xargs -n 1 <"$source/packages.txt")
base=tfs-operator/node-base:$NODE_DEBIAN-$(sha256sum <<<"${packages[*]}" | cut -c 1-8)

make_base() { "$TFS_ROOT/hack/offline/debian-base.sh" "$base" "$NODE_DEBIAN" "${packages[@]}"; }

build_node_image() {
  if docker image inspect "$1" >/dev/null 2>&1; then return; fi
  make_base
  "$TFS_ROOT/hack/binaries.sh" node >/dev/null
  step "assembling the node image $1" node-image assemble "$1" "$base"
  remove_older "$1"
}

case ${1:-} in
  base) make_base ;;
  "")
    image=$repository:$KUBERNETES_VERSION-$(fingerprint)
    locked node-image build_node_image "$image"
    echo "$image"
    ;;
  *) die "usage: hack/offline/node-image.sh [base]" ;;
esac
