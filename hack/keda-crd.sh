#!/usr/bin/env bash
# hack/keda-crd.sh: prints the path of KEDA's CustomResourceDefinition of ScaledObjects, for the tests that apply to
# the real schema. It comes out of KEDA's Go module (3 MB), whose version and checksum are in hack/versions.env, and
# stays in $TFS_CACHE/tools. Needs Go, or python3 and PyPI to get it from.
set -euo pipefail
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

module=github.com/kedacore/keda/v2@$KEDA_VERSION
home=$TFS_CACHE/tools/keda-crd-$KEDA_VERSION
crd=$home/keda.sh_scaledobjects.yaml

# field NAME: of the JSON that go mod download has printed.
field() { sed -n "s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" "$home.json"; }

take_out() {
  export GOMODCACHE=$TFS_CACHE/go/mod GOFLAGS=-modcacherw GOWORK=off GOTOOLCHAIN=local
  (cd / && go mod download -json "$module") >"$home.json"
  [[ $(field Sum) == "$KEDA_SUM" ]] || die "$module has the checksum $(field Sum), not $KEDA_SUM of hack/versions.env"
  mkdir -p "$home"
  cp "$(field Dir)/config/crd/bases/keda.sh_scaledobjects.yaml" "$crd.new"
  mv -f "$crd.new" "$crd"
}

if [[ ! -f $crd ]]; then
  source "$TFS_ROOT/hack/go.sh"
  locked keda-crd step "taking the ScaledObject out of $module" keda-crd take_out
fi
echo "$crd"
