#!/usr/bin/env bash
# hack/lint.sh: every check of the sources that runs nothing of them; changes nothing. Needs .venv (hack/venv.sh),
# and Go or PyPI for actionlint (hack/binaries.sh).
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$TFS_ROOT"
export PATH="$TFS_ROOT/.venv/bin:$PATH"

# shell_scripts: those that git knows or would know, by name or by first line.
shell_scripts() {
  git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    if [[ ! -f $file ]]; then continue; fi
    if [[ $file == *.sh ]] || head -c 64 "$file" | head -n 1 | tr -d '\0' | grep -qE '^#!.*\b(ba)?sh\b'; then
      printf '%s\0' "$file"
    fi
  done
}

check() {
  log "lint: $*"
  "$@" || failed+=("$*")
}

failed=()
# A program without .py in its name, which the tools do not find by themselves.
plain=hack/runc-without-sys-resource
check ruff check . "$plain"
check ruff format --check . "$plain"
check mypy
check lint-imports
log "lint: shellcheck"
shell_scripts | xargs -0 shellcheck --external-sources || failed+=(shellcheck)
actionlint=$(hack/binaries.sh actionlint)
check "$actionlint" -shellcheck "$(type -P shellcheck)" -pyflakes ''
((${#failed[@]} == 0)) || die "these found something: ${failed[*]}"
