#!/usr/bin/env bash
# hack/docker.sh up|down: a Docker daemon that answers.
#   up    uses the one that answers already; else, as root on Debian, installs docker.io where it is
#         missing and starts dockerd by itself, with its data under $TFS_CACHE/docker
#   down  stops the daemon that `up` started, and no other
# A root without CAP_SYS_RESOURCE (nested containers) cannot pass that capability on, so only there
# containers are started through hack/runc-without-sys-resource.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly state=$TFS_CACHE/state/dockerd
readonly pid_file=$TFS_CACHE/state/dockerd.pid
readonly daemon_log=$TFS_CACHE/log/dockerd.log

answers() { have docker && timeout 15 docker info >/dev/null 2>&1; }

# birth PID: when the process started, in clock ticks after boot; with the PID it names one process only.
birth() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  cut -d ' ' -f 20 <<<"$stat"
}

# ours: prints the PID of the daemon that we started, where it still runs.
ours() {
  local pid born
  read -r pid born 2>/dev/null <"$state" || return 1
  [[ $(birth "$pid") == "$born" ]] || return 1
  echo "$pid"
}

lacks_sys_resource() {
  local effective
  effective=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
  (((0x$effective >> 24 & 1) == 0))
}

install_docker() {
  if have dockerd; then return; fi
  on_debian_as_root || die "no Docker daemon answers and none is installed: install Docker and start it"
  debian_packages docker.io iptables
}

# close_descriptors: but the standard three. A lock that went along with the daemon would be held for as
# long as it lives.
close_descriptors() {
  local path
  for path in "/proc/$BASHPID/fd"/*; do
    if ((${path##*/} > 2)); then eval "exec ${path##*/}>&-"; fi
  done
}

# start: a daemon that outlives this script, because the cluster does.
start() {
  local options=(--data-root "$TFS_CACHE/docker" --pidfile "$pid_file")
  ((EUID == 0)) || die "Docker is installed but no daemon answers this user: start it, or let this user use it"
  if lacks_sys_resource; then
    log "this root lacks CAP_SYS_RESOURCE: containers are started without it"
    # A copy, because the daemon outlives the work tree.
    install -m 755 "$TFS_ROOT/hack/runc-without-sys-resource" "$TFS_CACHE/state/"
    options+=(--add-runtime "plain=$TFS_CACHE/state/runc-without-sys-resource" --default-runtime plain)
  fi
  rm -f "$pid_file"
  (
    close_descriptors
    exec setsid nohup dockerd "${options[@]}" >"$daemon_log" 2>&1 </dev/null
  ) &
  local pid=$!
  if ! wait_for 60 "dockerd" answers; then
    kill "$pid" 2>/dev/null || true
    tail -n 15 "$daemon_log" >&2
    die "dockerd did not answer within a minute; its log is $daemon_log"
  fi
  pid=$(cat "$pid_file")
  echo "$pid $(birth "$pid")" >"$state"
  log "dockerd started (process $pid, data under $TFS_CACHE/docker)"
}

up() {
  if answers; then return; fi
  [[ -z ${DOCKER_HOST:-} ]] || die "DOCKER_HOST is set, but the daemon that it names does not answer"
  install_docker
  if [[ -d /run/systemd/system ]] && ((EUID == 0)); then systemctl start docker 2>/dev/null || true; fi
  if answers; then return; fi
  start
}

down() {
  local pid
  if ! pid=$(ours); then
    log "no Docker daemon was started from here: none is stopped"
    return
  fi
  kill "$pid"
  for _ in {1..120}; do
    if ! ours >/dev/null; then break; fi
    sleep 0.5
  done
  if ours >/dev/null; then die "dockerd (process $pid) does not stop; its log is $daemon_log"; fi
  rm -f "$state"
  log "dockerd stopped"
}

case ${1:-} in
  up) answers || locked docker up ;;
  down) locked docker down ;;
  *) die "usage: hack/docker.sh up|down" ;;
esac
