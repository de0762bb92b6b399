# shellcheck shell=bash
# The environment that every script here, make and the tests share. Source it: it sets variables only.
#   TFS_ROOT        the work tree
#   TFS_CACHE       everything that is expensive to make, outside the work tree; may be preset
#   TFS_CLUSTER     the kind cluster's name; may be preset
#   TFS_KUBECONFIG  that cluster's own kubeconfig (~/.kube/config is never touched); may be preset
#   PATH            with the tools of the cache first
# Besides, the pinned versions of hack/versions.env.

TFS_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=hack/versions.env
source "$TFS_ROOT/hack/versions.env"

export TFS_ROOT
export TFS_CACHE=${TFS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tfs-operator}
export TFS_CLUSTER=${TFS_CLUSTER:-tfs-operator}
export TFS_KUBECONFIG=${TFS_KUBECONFIG:-$TFS_ROOT/build/kubeconfig-$TFS_CLUSTER}

case ":$PATH:" in
  *":$TFS_CACHE/bin:"*) ;;
  *) export PATH="$TFS_CACHE/bin:$PATH" ;;
esac
