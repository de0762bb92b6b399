#!/usr/bin/env bash
# hack/offline/wheels.sh NAME LOCK…: prints a folder of the cache with the wheels that the locks name, each checked
# against its hash, for an image that is built without a network. Downloads when a lock changed, and removes the folder
# of the older one. Needs PyPI.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

readonly python_version=3.13 # of the base image

# platforms: every name under which a wheel for this processor may go that runs on Debian 12 and newer.
platforms() {
  local machine minor
  machine=$(uname -m)
  for minor in {36..17}; do echo "--platform=manylinux_2_${minor}_$machine"; done
  echo "--platform=manylinux2014_$machine"
  if [[ $machine == x86_64 ]]; then
    printf -- '--platform=%s_x86_64\n' manylinux_2_12 manylinux2010 manylinux_2_5 manylinux1
  fi
}

download() {
  local folder=$1 options lock
  shift
  mapfile -t options < <(platforms)
  for lock in "$@"; do options+=(--requirement "$lock"); done
  rm -rf "$folder.new"
  "$TFS_ROOT/.venv/bin/python" -m pip download --disable-pip-version-check --no-deps --require-hashes \
    --only-binary :all: --implementation cp --python-version "$python_version" --abi "cp${python_version/./}" \
    --abi abi3 --abi none "${options[@]}" --dest "$folder.new"
  mv "$folder.new" "$folder"
}

wheels() {
  local name=$1 folder each
  shift
  folder=$TFS_CACHE/wheels/$name-$(cat "$@" <(platforms; echo "$python_version") | sha256sum | cut -c 1-8)
  if [[ ! -d $folder ]]; then
    "$TFS_ROOT/hack/venv.sh"
    mkdir -p "$TFS_CACHE/wheels"
    step "downloading wheels: $name" "wheels-$name" download "$folder" "$@"
    for each in "$TFS_CACHE/wheels/$name-"*; do
      if [[ $each != "$folder" ]]; then rm -rf "$each"; fi
    done
  fi
  echo "$folder"
}

(($# >= 2)) || die "usage: hack/offline/wheels.sh NAME LOCK…"
locked "wheels-$1" wheels "$@"
