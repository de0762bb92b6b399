#!/usr/bin/env bash
# hack/mode.sh: prints `pull` where public images can be pulled, else `build`. TFS_CLUSTER_MODE=pull or =build
# forces it; `auto` (the default) asks for the node image and sees whether a registry answers.
# The answer is remembered for a day in $TFS_CACHE/state/mode. Starts no daemon: without one it says `build`.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly memory=$TFS_CACHE/state/mode
readonly probe_log=$TFS_CACHE/log/probe.log

# registry_answers: `docker pull` says "Pulling from" as soon as the registry has named the image's parts;
# that much is waited for, and the rest is left to whoever needs it.
registry_answers() {
  local pull status=1
  if docker image inspect "$KIND_NODE_IMAGE" >/dev/null 2>&1; then return 0; fi
  timeout 45 docker pull "$KIND_NODE_IMAGE" >"$probe_log" 2>&1 </dev/null &
  pull=$!
  while kill -0 "$pull" 2>/dev/null; do
    if grep -q 'Pulling from' "$probe_log"; then
      status=0
      break
    fi
    sleep 0.2
  done
  kill "$pull" 2>/dev/null || true
  wait "$pull" 2>/dev/null && status=0
  return "$status"
}

remembered() { [[ -n $(find "$memory" -mmin -1440 2>/dev/null) ]] && cat "$memory"; }

decide() {
  if remembered; then return; fi
  if ! have docker || ! timeout 15 docker info >/dev/null 2>&1; then
    echo build
  elif registry_answers; then
    log "a registry answers for kindest/node (TFS_CLUSTER_MODE=build would build images all the same)"
    echo pull | tee "$memory"
  else
    log "no registry answers for kindest/node (TFS_CLUSTER_MODE=pull would insist)"
    echo build | tee "$memory"
  fi
}

case ${TFS_CLUSTER_MODE:-auto} in
  pull | build) echo "$TFS_CLUSTER_MODE" ;;
  auto) remembered || locked mode decide ;;
  *) die "TFS_CLUSTER_MODE is $TFS_CLUSTER_MODE, but only auto, pull and build are known" ;;
esac
