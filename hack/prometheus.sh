#!/usr/bin/env bash
# hack/prometheus.sh: makes sure of prometheus and promtool, and prints their paths, one a line.
# Those on PATH are used when they are new enough. Else they come out of Debian's or Ubuntu's package, which is unpacked
# into $TFS_CACHE and not installed, so that no service starts. Debian keeps one version a release, with fixes: that
# pins them; hack/versions.env has the oldest that will do.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly programs=(prometheus promtool)
readonly home=$TFS_CACHE/tools/prometheus-debian

# version_of PROGRAM: 2.42.0
version_of() { "$1" --version 2>/dev/null | sed -n '1s/.*version \([0-9.]*\).*/\1/p'; }

# will_do PROGRAM: whether it runs here and is new enough.
will_do() {
  local version
  version=$(version_of "$1") || return 1
  [[ -n $version ]] && at_least "$version" "$PROMETHEUS_MINIMUM"
}

# found NAME: the path of one that will do.
found() {
  local path
  for path in "$(type -P "$1" || true)" "$home/$1"; do
    if [[ -x $path ]] && will_do "$path"; then
      echo "$path"
      return
    fi
  done
  return 1
}

# unpack: the package's programs into $home, with nothing half done left behind.
unpack() {
  local fresh=$home.unpacking
  rm -rf "$fresh"
  mkdir -p "$fresh"
  cd "$fresh"
  apt-get -q download prometheus || { apt-get -q update && apt-get -q download prometheus; }
  dpkg-deb -x prometheus_*.deb .
  mkdir -p "$home"
  for name in "${programs[@]}"; do mv -f "usr/bin/$name" "$home/"; done
  cd "$home"
  rm -rf "$fresh"
}

ensure() {
  if found prometheus >/dev/null && found promtool >/dev/null; then return; fi
  if ! have apt-get || ! have dpkg-deb; then
    die "please install Prometheus $PROMETHEUS_MINIMUM or newer, with promtool: only on Debian and Ubuntu is it done from here"
  fi
  step "getting Prometheus from the distribution's package" prometheus unpack
}

locked prometheus ensure
for name in "${programs[@]}"; do
  found "$name" || die "$name $PROMETHEUS_MINIMUM or newer is needed, and the distribution has $(version_of "$home/$name")"
done
