#!/usr/bin/env bash
# hack/base-image.sh: writes the digest that the tag of PYTHON_IMAGE stands for now to hack/versions.env and to the
# Dockerfiles. For whoever takes in the fixes of a newer Debian or Python; nothing else runs it, so that what is built
# is exactly what is checked in. Needs Docker with buildx, and a registry.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$TFS_ROOT"

readonly places=(hack/versions.env operator/Dockerfile testing/model_server/Dockerfile)
readonly tag=${PYTHON_IMAGE%@*}

digest=$(docker buildx imagetools inspect "$tag" --format '{{.Manifest.Digest}}')
[[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || die "the registry gives no digest for $tag, but: $digest"
for place in "${places[@]}"; do
  text=$(<"$place")
  printf '%s\n' "${text//"$PYTHON_IMAGE"/"$tag@$digest"}" >"$place"
done
log "the base image is $tag@$digest; it was $PYTHON_IMAGE"
