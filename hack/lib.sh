# shellcheck shell=bash
# What the scripts here have in common: lines with the elapsed time, one-sentence failures, steps that
# log to a file, deadlines, locks. Source it after `set -euo pipefail`; it sources env.sh.

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "$0: bash 4.4 or newer is needed, this is $BASH_VERSION (on macOS: brew install bash)" >&2
  exit 1
fi

# shellcheck source=hack/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# A failure inside $(…) is one outside, too.
shopt -s inherit_errexit

# Scripts that call each other share one clock.
export TFS_STARTED=${TFS_STARTED:-$(date +%s)}
mkdir -p "$TFS_CACHE/log" "$TFS_CACHE/state" "$TFS_CACHE/lock" "$TFS_CACHE/bin"

# span SECONDS: as a person reads it.
span() {
  if (($1 < 60)); then printf '%ds' "$1"; else printf '%dm%02ds' $(($1 / 60)) $(($1 % 60)); fi
}

# log WORDS…: a line on standard error, so that standard output stays for results.
log() {
  printf '[%6s] %s\n' "$(span $(($(date +%s) - TFS_STARTED)))" "$*" >&2
}

# die SENTENCE…: the end, with status 1.
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

for each in timeout sha256sum; do
  have "$each" || die "$each is missing: install GNU coreutils (on macOS: brew install coreutils)"
done

# narrate WORDS…: a line about a step, unless hack/build.py says which steps run.
narrate() {
  if [[ -z ${TFS_STEPS_ARE_TOLD:-} ]]; then log "$@"; fi
}

# ticker LABEL: a line every half minute until killed. `read` is a sleep that leaves no child behind.
ticker() {
  local began=$SECONDS never
  exec {never}<> <(:)
  while true; do
    read -rt 30 -u "$never" || true
    narrate "$1 … $(span $((SECONDS - began)))"
  done
}

# step LABEL LOG COMMAND…: runs COMMAND quietly, its output in the cache's log/LOG.log; says how long it
# took, and on failure shows the last lines.
step() {
  local label=$1 file=$TFS_CACHE/log/$2.log began=$SECONDS status tick
  shift 2
  narrate "$label"
  ticker "$label" &
  tick=$!
  set +e
  (
    set -e
    "$@"
  ) >"$file" 2>&1 </dev/null
  status=$?
  set -e
  kill "$tick" 2>/dev/null || true
  wait "$tick" 2>/dev/null || true
  if ((status != 0)); then
    tail -n 20 "$file" | cut -c 1-300 >&2
    die "$label failed (status $status); the whole log is $file"
  fi
  if ((SECONDS - began >= 5)); then narrate "$label: done in $(span $((SECONDS - began)))"; fi
}

# wait_for SECONDS LABEL COMMAND…: until COMMAND succeeds; false at the deadline.
wait_for() {
  local began=$SECONDS deadline=$1 label=$2 said=0
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS - began >= deadline)); then return 1; fi
    if ((SECONDS - began >= said + 10)); then
      said=$((SECONDS - began))
      log "waiting for $label … $(span "$said")"
    fi
    sleep 0.4
  done
}

# locked NAME COMMAND…: COMMAND, while no other run holds the lock NAME. Two work trees share one cache.
# Without flock, which macOS lacks, whoever starts two runs at once has to look out.
locked() {
  local name=$1 fd status=0
  shift
  if ! have flock; then
    "$@"
    return
  fi
  exec {fd}>"$TFS_CACHE/lock/$name"
  if ! flock -n "$fd"; then
    log "waiting for another run that holds $name"
    flock "$fd"
  fi
  "$@"
  status=$?
  exec {fd}>&-
  return "$status"
}

# debian_packages PACKAGE…: installs those that are missing; elsewhere says what is to be installed.
debian_packages() {
  local package missing=()
  on_debian_as_root || die "please install what Debian calls $*: only as root on Debian is it done from here"
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return; fi
  step "installing Debian packages: ${missing[*]}" apt locked apt apt_install "${missing[@]}"
}

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update
  # What starts services at installation has nothing to start them with in a container.
  apt-get -q install -y --no-install-recommends "$@"
}

# on_debian_as_root: whether debian_packages can do its work.
on_debian_as_root() { ((EUID == 0)) && have apt-get && have dpkg-query; }

# at_least VERSION MINIMUM: compares v1.2.3 and 1.2.3 alike.
at_least() { [[ $(printf '%s\n%s\n' "${2#v}" "${1#v}" | sort -V | head -n 1) == "${2#v}" ]]; }
