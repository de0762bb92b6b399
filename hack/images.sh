#!/usr/bin/env bash
# hack/images.sh [load]: builds the operator's image and gets a model server's, and loads both into the running cluster
# $TFS_CLUSTER. build/images.env then says which: OPERATOR_IMAGE=… and SERVER_IMAGE=….
# hack/images.sh base|operator|server: only one part of that, which needs no cluster.
# Where public images can be pulled (hack/mode.sh; TFS_CLUSTER_MODE forces it) the model server is the stock
# one. Where none can, or on another processor than amd64, for which there is none, it is the test double;
# without a registry both stand on a Debian base that is made here, and their wheels are downloaded beforehand.
# An image whose sources and base are unchanged is not built again.
set -euo pipefail
shopt -s inherit_errexit
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly operator=tfs-operator:dev double=tfs-model-server:dev
readonly inputs_label=tfs-operator.io/inputs
readonly python_packages=(python3 python3-venv python3-pip)
# The oldest builder will do, and it is the one that Debian's docker.io has.
export DOCKER_BUILDKIT=0

# image_id IMAGE: empty where Docker has none.
image_id() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null || true; }

pull() {
  if [[ -z $(image_id "$1") ]]; then step "pulling $1" "pull-${1//[\/:]/-}" docker pull "$1"; fi
}

# python_base: prints the base image of both Dockerfiles, once Docker has it.
python_base() {
  local image
  if [[ $mode == pull ]]; then
    pull "$PYTHON_IMAGE"
    echo "$PYTHON_IMAGE"
    return
  fi
  image=tfs-python-base:$BASE_DEBIAN-$(sha256sum <<<"${python_packages[*]}" | cut -c 1-8)
  "$TFS_ROOT/hack/offline/debian-base.sh" "$image" "$BASE_DEBIAN" "${python_packages[@]}"
  echo "$image"
}

# copy FOLDER PATH…: the named parts of the work tree, without what running them leaves behind.
copy() {
  local folder=$1
  shift
  tar -C "$TFS_ROOT" --exclude __pycache__ --exclude '*.py[cod]' --exclude wheels -c "$@" | tar -C "$folder" -x
}

# stage_operator, stage_double FOLDER: what the Dockerfile there copies, and all that the image is made of.
stage_operator() {
  local readme=()
  if [[ -f $TFS_ROOT/README.md ]]; then readme=(README.md); fi
  copy "$1" pyproject.toml "${readme[@]}" requirements/operator.txt operator/Dockerfile operator/tfs_operator
  # Of these only setuptools is used: any other change is none for the image.
  sed -n '/^setuptools==/,/[^\\]$/p' "$TFS_ROOT/requirements/dev.txt" >"$1/requirements/dev.txt"
}

stage_double() {
  copy "$1" requirements/model-server.txt testing/model_server
}

# fingerprint CONTEXT BASE: of the sources and of the base under them.
fingerprint() {
  (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum && image_id "$2") | sha256sum | cut -c 1-16
}

# build IMAGE NAME DOCKERFILE BASE LOCK…: stages a context for the Dockerfile and builds, unless nothing changed.
build() {
  local image=$1 name=$2 dockerfile=$3 base=$4 context inputs before from=()
  shift 4
  context=$(mktemp -d "$TFS_CACHE/context.XXXXXX")
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$context'" EXIT
  "stage_$name" "$context"
  inputs=$(fingerprint "$context" "$base")
  if [[ $(docker image inspect --format "{{index .Config.Labels \"$inputs_label\"}}" "$image" 2>/dev/null) == "$inputs" ]]; then
    log "$image is up to date"
    rm -rf "$context"
    return
  fi
  if [[ $mode == build ]]; then
    from=("$("$TFS_ROOT/hack/offline/wheels.sh" "$name" "${@/#/$context/}")")
    # Links where the file system allows: TensorFlow's wheel is big.
    cp -rl "${from[0]}" "$context/${dockerfile%/*}/wheels" 2>/dev/null || cp -r "${from[0]}" "$context/${dockerfile%/*}/wheels"
  fi
  before=$(image_id "$image")
  step "building $image" "image-$name" docker build --file "$context/$dockerfile" --build-arg "BASE_IMAGE=$base" \
    --label "$inputs_label=$inputs" --tag "$image" "$context"
  rm -rf "$context"
  if [[ -n $before ]]; then docker image rm "$before" >/dev/null 2>&1 || true; fi
  log "$image has $(($(docker image inspect --format '{{.Size}}' "$image") / 1000000)) MB"
}

# operator_image: prints its name, once Docker has it.
operator_image() {
  build "$operator" operator operator/Dockerfile "$(python_base)" requirements/operator.txt requirements/dev.txt
  echo "$operator"
}

# server_image: prints the model server's, once Docker has it.
server_image() {
  if [[ $mode == pull && $(docker version --format '{{.Server.Arch}}') == amd64 ]]; then
    pull "$TENSORFLOW_SERVING_IMAGE"
    echo "$TENSORFLOW_SERVING_IMAGE"
    return
  fi
  build "$double" double testing/model_server/Dockerfile "$(python_base)" requirements/model-server.txt
  echo "$double"
}

load() {
  local server
  locked image-operator operator_image >/dev/null
  server=$(locked image-server server_image)
  "$TFS_ROOT/hack/load-image.sh" "$operator" "$server"
  mkdir -p "$TFS_ROOT/build"
  printf 'OPERATOR_IMAGE=%s\nSERVER_IMAGE=%s\n' "$operator" "$server" >"$TFS_ROOT/build/images.env"
  log "the cluster $TFS_CLUSTER has $operator and $server"
}

(($# <= 1)) || die "usage: hack/images.sh [base|operator|server|load]"
"$TFS_ROOT/hack/docker.sh" up
mode=$("$TFS_ROOT/hack/mode.sh")
case ${1:-load} in
  base) python_base ;;
  operator) locked image-operator operator_image ;;
  server) locked image-server server_image ;;
  load) load ;;
  *) die "usage: hack/images.sh [base|operator|server|load]" ;;
esac
