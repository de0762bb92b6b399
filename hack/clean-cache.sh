#!/usr/bin/env bash
# hack/clean-cache.sh: deletes everything that was built or downloaded, after `make clean`.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# dockerd binds its data folder onto itself, and a daemon that was killed leaves that behind.
if mountpoint -q "$TFS_CACHE/docker"; then umount "$TFS_CACHE/docker"; fi
# Only what the scripts here put there, in case somebody named a folder with more in it.
for part in bin docker go lock log state tools wheels; do rm -rf "${TFS_CACHE:?}/$part"; done
rmdir --ignore-fail-on-non-empty "$TFS_CACHE"
