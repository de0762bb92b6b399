#!/usr/bin/env bash
# hack/cluster.sh up|down|status|kubeconfig|image: the local kind cluster $TFS_CLUSTER.
#   up          a running cluster with a Ready node and CoreDNS: the one that is there, or else a new one
#   down        deletes it
#   status      says what is there; status 1 where no healthy cluster is
#   kubeconfig  prints the path of its own kubeconfig file
#   image       prints the node image that it would run on, once Docker has it
# The node image is pulled where a registry answers and built from packages where none does (hack/mode.sh).
# Needs Docker, or root on Debian to install it (hack/docker.sh).
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly node=$TFS_CLUSTER-control-plane
readonly config=$TFS_ROOT/kind-config.yaml
# The node keeps what it was made with, so that both come and go together.
readonly made_with=/kind/made-with.yaml

kube() { kubectl --kubeconfig "$TFS_KUBECONFIG" --request-timeout 5s "$@"; }

# node_state: Docker's word for the node's container; nothing where there is none.
node_state() { docker container inspect --format '{{.State.Status}}' "$node" 2>/dev/null || true; }

healthy() {
  kube get --raw /readyz >/dev/null &&
    [[ $(kube get nodes -o jsonpath='{.items[*].status.conditions[?(@.type=="Ready")].status}') == True ]]
}

# at_work: whether kubelet and scheduler have renewed their leases since the container started, and the controllers do
# their work. After a restart the API server still says what was so before: a node is Ready, while nothing makes a pod.
at_work() {
  local started
  started=$(docker container inspect --format '{{.State.StartedAt}}' "$node")
  [[ $(renewed kube-node-lease "$node") > $started && $(renewed kube-system kube-scheduler) > $started ]] &&
    controllers_work
}

# renewed NAMESPACE LEASE: when, as Docker writes its times too, so that both compare as texts.
renewed() { kube get lease --namespace "$1" "$2" -o jsonpath='{.spec.renewTime}'; }

# controllers_work: whether a new namespace gets its ServiceAccount.
controllers_work() {
  local probe=settling-$RANDOM
  kube create namespace "$probe" && wait_for 10 "the controllers" kube get serviceaccount --namespace "$probe" default
  local status=$?
  kube delete namespace "$probe" --wait=false
  return "$status"
}

export_kubeconfig() {
  mkdir -p "$(dirname "$TFS_KUBECONFIG")"
  kind export kubeconfig --quiet --name "$TFS_CLUSTER" --kubeconfig "$TFS_KUBECONFIG"
}

# node_image: prints its name, pulled or built.
node_image() {
  local mode
  mode=$("$TFS_ROOT/hack/mode.sh")
  if [[ $mode == build ]]; then
    log "images are built here from packages (TFS_CLUSTER_MODE=${TFS_CLUSTER_MODE:-auto})"
    "$TFS_ROOT/hack/offline/node-image.sh"
    return
  fi
  log "public images are pulled (TFS_CLUSTER_MODE=${TFS_CLUSTER_MODE:-auto})"
  if ! docker image inspect "$KIND_NODE_IMAGE" >/dev/null 2>&1; then
    step "pulling $KIND_NODE_IMAGE" pull-node docker pull "$KIND_NODE_IMAGE"
  fi
  echo "$KIND_NODE_IMAGE"
}

# same_config: whether the node was made with the kind-config.yaml of now; it need not run.
same_config() { docker cp "$node:$made_with" - 2>/dev/null | tar -xO 2>/dev/null | cmp -s "$config"; }

# reuse IMAGE: true once the cluster that is there is healthy; else says why it is of no use.
reuse() {
  local state used
  state=$(node_state)
  if [[ -z $state ]]; then return 1; fi
  used=$(docker container inspect --format '{{.Config.Image}}' "$node")
  if [[ $used != "$1" ]]; then
    log "the cluster $TFS_CLUSTER runs on $used, not on $1: it is made anew"
    return 1
  fi
  if ! same_config; then
    log "the cluster $TFS_CLUSTER was made with another kind-config.yaml: it is made anew"
    return 1
  fi
  if [[ $state != running ]]; then
    log "the cluster $TFS_CLUSTER is there but $state: starting it"
    docker start "$node" >/dev/null || true
  fi
  if export_kubeconfig && wait_for 60 "the API server" healthy; then return 0; fi
  log "the cluster $TFS_CLUSTER does not become healthy: it is made anew"
  return 1
}

create() {
  kind delete cluster --quiet --name "$TFS_CLUSTER" --kubeconfig "$TFS_KUBECONFIG"
  mkdir -p "$(dirname "$TFS_KUBECONFIG")"
  kind create cluster --config "$config" --name "$TFS_CLUSTER" --image "$1" \
    --kubeconfig "$TFS_KUBECONFIG"
  docker cp "$config" "$node:$made_with"
}

# settle: waits for what every test takes for granted.
settle() {
  wait_for 120 "the node to be Ready" healthy || unsettled "the node does not become Ready"
  wait_for 120 "the kubelet, the scheduler and the controllers" at_work ||
    unsettled "the kubelet, the scheduler or the controllers do not start"
  kube rollout status --namespace kube-system deployment/coredns --request-timeout 0 --timeout 120s >/dev/null ||
    unsettled "CoreDNS does not start"
}

unsettled() {
  kube get nodes,pods --all-namespaces --output wide >&2 || true
  docker logs --tail 15 "$node" >&2 || true
  die "$1; \`hack/cluster.sh down\` removes the cluster, and \`docker exec $node journalctl\` tells more"
}

up() {
  local image
  "$TFS_ROOT/hack/docker.sh" up
  image=$(node_image)
  "$TFS_ROOT/hack/binaries.sh" kind kubectl >/dev/null
  if ! reuse "$image"; then
    step "starting the cluster $TFS_CLUSTER on $image" "cluster-$TFS_CLUSTER" create "$image"
  fi
  settle
  log "the cluster $TFS_CLUSTER is ready: export KUBECONFIG=$TFS_KUBECONFIG"
}

down() {
  if ! have kind || ! have docker || [[ -z $(node_state) ]]; then
    log "there is no cluster $TFS_CLUSTER"
  else
    kind delete cluster --quiet --name "$TFS_CLUSTER" --kubeconfig "$TFS_KUBECONFIG"
    log "the cluster $TFS_CLUSTER is deleted"
  fi
  rm -f "$TFS_KUBECONFIG"
}

status() {
  if [[ -z $(node_state) ]]; then
    echo "$TFS_CLUSTER: no cluster"
    return 1
  fi
  echo "$TFS_CLUSTER: $(node_state), on $(docker container inspect --format '{{.Config.Image}}' "$node")"
  healthy && kube get nodes,pods --all-namespaces
}

case ${1:-} in
  up) locked "cluster-$TFS_CLUSTER" up ;;
  down) locked "cluster-$TFS_CLUSTER" down ;;
  status) status ;;
  kubeconfig)
    [[ -f $TFS_KUBECONFIG ]] || die "there is no cluster $TFS_CLUSTER: hack/cluster.sh up makes it"
    echo "$TFS_KUBECONFIG"
    ;;
  image)
    "$TFS_ROOT/hack/docker.sh" up
    node_image
    ;;
  *) die "usage: hack/cluster.sh up|down|status|kubeconfig|image" ;;
esac
