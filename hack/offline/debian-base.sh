#!/usr/bin/env bash
# hack/offline/debian-base.sh TAG RELEASE PACKAGE…: a base image of that Debian release with those packages, made by
# debootstrap, for a machine that can pull none. Does nothing when Docker has TAG already.
# Needs root on Debian, and Docker (hack/docker.sh up).
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# bootstrap TAG RELEASE PACKAGE…: the folder is removed whatever happens, because a half-made one is of no use.
bootstrap() {
  local tag=$1 release=$2 root packages
  shift 2
  packages=$(IFS=, && echo "$*")
  root=$(mktemp -d "$TFS_CACHE/rootfs.XXXXXX")
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$root'" EXIT
  # dpkg syncs each file to disk, which a throw-away folder does not need.
  mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
  debootstrap --variant=minbase --include="$packages" "$release" "$root"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
  tar -C "$root" -c . | docker import - "$tag"
}

base() {
  if docker image inspect "$1" >/dev/null 2>&1; then return; fi
  on_debian_as_root || have debootstrap ||
    die "a Debian base image is made by debootstrap, which is missing here: use a machine that can pull images, or Debian as root"
  on_debian_as_root && debian_packages debootstrap
  step "making a Debian $2 base image" "base-$2" bootstrap "$@"
}

(($# >= 2)) || die "usage: hack/offline/debian-base.sh TAG RELEASE PACKAGE…"
locked "base-$2" base "$@"
