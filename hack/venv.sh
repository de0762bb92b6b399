#!/usr/bin/env bash
# hack/venv.sh: the virtual environment .venv with all that development and the tests need, exactly as
# requirements/dev.txt locks it. Does something only when that file, pyproject.toml or python3 changed.
# Needs python3 3.11 or newer and PyPI.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$TFS_ROOT"

readonly stamp=.venv/.made-of

# needed: what the environment is made of, a line for each part.
needed() {
  python3 -c 'import sys; print("python", sys.version.split()[0])'
  sha256sum requirements/dev.txt pyproject.toml
}

create() {
  python3 -m venv .venv
}

# install: in place, so that a running test is not left without its interpreter. The lock is complete
# (requirements/overrides.txt says why pip must not resolve it once more), setuptools included.
install() {
  local pip=(.venv/bin/python -m pip --disable-pip-version-check install --quiet --no-deps)
  "${pip[@]}" --require-hashes -r requirements/dev.txt
  "${pip[@]}" --no-build-isolation -e .
}

make_venv() {
  if [[ $(cat "$stamp" 2>/dev/null) == "$(needed)" ]]; then return; fi
  if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    python3 -c 'import ensurepip' 2>/dev/null || debian_packages python3-venv
    step "making .venv" venv-create create
  fi
  step "installing requirements/dev.txt into .venv" venv install
  needed >"$stamp"
}

have python3 || die "python3 is missing: install Python 3.11 or newer"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  die "python3 is $(python3 -V 2>&1), but 3.11 or newer is needed"
locked "venv-$(sha256sum <<<"$TFS_ROOT" | cut -c 1-8)" make_venv
