#!/usr/bin/env bash
# hack/images.sh: builds the operator's image and gets a model server's, and loads both into the running cluster
# $TFS_CLUSTER. build/images.env then says which: OPERATOR_IMAGE=… and SERVER_IMAGE=….
# Where public images can be pulled (hack/mode.sh; TFS_CLUSTER_MODE forces it) the model server is the stock
# one. Where none can, or on another processor than amd64, for which there is none, it is the test double;
# without a registry both stand on a Debian base that is made here, and their wheels are downloaded beforehand.
# An image whose sources and base are unchanged is not built again.
set -euo pipefail
shopt -s inherit_errexit
# shellcheck source=hack/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly operator_image=tfs-operator:dev double_image=tfs-model-server:dev
readonly inputs_label=tfs-operator.io/inputs
readonly python_packages=(python3 python3-venv python3-pip)
readonly python_version=3.13 # of both bases
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
  "$TFS_ROOT/hack/debian-base.sh" "$image" "$BASE_DEBIAN" "${python_packages[@]}"
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

# platforms: every name under which a wheel for this processor may go that runs on Debian 12 and newer.
platforms() {
  local machine minor
  machine=$(uname -m)
  for minor in {36..17}; do echo "--platform=manylinux_2_${minor}_$machine"; done
  echo "--platform=manylinux2014_$machine"
  if [[ $machine == x86_64 ]]; then
    printf -- '--platform=%s_x86_64\n' manylinux_2_12 manylinux2010 manylinux_2_5 manylinux1
  fi
}

# download FOLDER LOCK…: the wheels that the locks name, each checked against its hash.
download() {
  local folder=$1 options lock
  shift
  mapfile -t options < <(platforms)
  for lock in "$@"; do options+=(--requirement "$lock"); done
  rm -rf "$folder.new"
  "$TFS_ROOT/.venv/bin/python" -m pip download --disable-pip-version-check --no-deps --require-hashes \
    --only-binary :all: --implementation cp --python-version "$python_version" --abi "cp${python_version/./}" \
    --abi abi3 --abi none "${options[@]}" --dest "$folder.new"
  rm -rf "$folder"
  mv "$folder.new" "$folder"
}

# wheels NAME LOCK…: prints the cache's folder with them. Those for older locks go.
wheels() {
  local name=$1 folder each
  shift
  folder=$TFS_CACHE/wheels/$name-$(cat "$@" <(platforms; echo "$python_version") | sha256sum | cut -c 1-8)
  if [[ ! -d $folder ]]; then
    "$TFS_ROOT/hack/venv.sh"
    mkdir -p "$TFS_CACHE/wheels"
    step "downloading wheels: $name" "wheels-$name" download "$folder" "$@"
    for each in "$TFS_CACHE/wheels/$name-"*; do
      if [[ $each != "$folder" ]]; then rm -rf "$each"; fi
    done
  fi
  echo "$folder"
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
    from=("$(wheels "$name" "${@/#/$context/}")")
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

# server_image: prints the model server's image, once Docker has it.
server_image() {
  if [[ $mode == pull && $(docker version --format '{{.Server.Arch}}') == amd64 ]]; then
    pull "$TENSORFLOW_SERVING_IMAGE"
    echo "$TENSORFLOW_SERVING_IMAGE"
    return
  fi
  build "$double_image" double testing/model_server/Dockerfile "$base" requirements/model-server.txt
  echo "$double_image"
}

main() {
  local mode base server
  "$TFS_ROOT/hack/docker.sh" up
  mode=$("$TFS_ROOT/hack/mode.sh")
  base=$(python_base)
  build "$operator_image" operator operator/Dockerfile "$base" requirements/operator.txt requirements/dev.txt
  server=$(server_image)
  "$TFS_ROOT/hack/load-image.sh" "$operator_image" "$server"
  mkdir -p "$TFS_ROOT/build"
  printf 'OPERATOR_IMAGE=%s\nSERVER_IMAGE=%s\n' "$operator_image" "$server" >"$TFS_ROOT/build/images.env"
  log "the cluster $TFS_CLUSTER has $operator_image and $server"
}

(($# == 0)) || die "usage: hack/images.sh"
locked images main
