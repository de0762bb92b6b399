#!/usr/bin/env bash
# hack/audit.sh: asks PyPI's advisories about every Python dependency that is locked under requirements/. Fails for a
# known vulnerability, and for a package that could not be looked up: pip-audit alone would call that "none found".
# Needs python3, PyPI for pip-audit itself, and its JSON API, which a package mirror may lack.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$TFS_ROOT"

digest=$(sha256sum requirements/audit.txt | cut -c 1-8)
readonly home=$TFS_CACHE/tools/pip-audit-$digest

install_pip_audit() {
  rm -rf "$home.new"
  python3 -m venv "$home.new"
  "$home.new/bin/pip" install --quiet --no-deps --only-binary :all: --require-hashes -r requirements/audit.txt
  mv "$home.new" "$home"
}

ensure_pip_audit() {
  if [[ ! -d $home ]]; then step "installing pip-audit from PyPI" pip-audit install_pip_audit; fi
}

locked pip-audit ensure_pip_audit
failed=()
for lock in requirements/{operator,model-server,dev,audit,lock}.txt; do
  log "audit: $lock"
  "$home/bin/python" -m pip_audit --strict --disable-pip --require-hashes --requirement "$lock" || failed+=("$lock")
done
((${#failed[@]} == 0)) || die "look at ${failed[*]}: hack/lock.sh --upgrade takes newer versions"
