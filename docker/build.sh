#!/usr/bin/env bash
# Builds the images of docker/Dockerfile with Docker, Podman or Buildah, whichever is installed.
#
#   docker/build.sh [--run] [cpu|cuda] [TAG]
#
# --run then runs one job in the image: as a random user, with a read-only root file system where the
# engine supports it. Packages the application first if target/quarkus-app is missing.
#
#   ENGINE      docker, podman or buildah; default: the first that works
#   BASE_IMAGE  another base than that of the Dockerfile, for machines that do not reach its registry
#   BUILDAH_ISOLATION=chroot, STORAGE_DRIVER=vfs  for Buildah inside a container
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "docker/build.sh: $1" >&2
  exit 2
}

run=false
if [[ ${1:-} == --run ]]; then
  run=true
  shift
fi
target=${1:-cpu}
[[ $target == cpu || $target == cuda ]] || fail "the target must be cpu or cuda, not $target"
tag=${2:-mezzotint:$target}
(($# <= 2)) || fail "unknown argument $3"

engine=${ENGINE:-}
if [[ -z $engine ]]; then
  if docker info > /dev/null 2>&1; then
    engine=docker
  elif command -v podman > /dev/null; then
    engine=podman
  elif command -v buildah > /dev/null; then
    engine=buildah
  else
    fail "a running Docker engine, podman or buildah is required"
  fi
fi

if [[ ! -f target/quarkus-app/quarkus-run.jar ]]; then
  ./mvnw -B package -Dquick
fi

base=$(sed -n 's/^FROM \(.*\) AS cpu$/\1/p' docker/Dockerfile)
arguments=(
  --file docker/Dockerfile
  --target "$target"
  --tag "$tag"
  --build-arg "VERSION=$(sed -n 's/^  <version>\(.*\)<\/version>$/\1/p' pom.xml | head -1)"
  --build-arg "REVISION=$(git rev-parse HEAD 2> /dev/null || echo unknown)"
)
if [[ -n ${BASE_IMAGE:-} ]]; then
  arguments+=(--build-context "$base=docker-image://$BASE_IMAGE")
fi
case $engine in
  docker)
    docker buildx build --load "${arguments[@]}" .
    ;;
  podman | buildah)
    # The OCI format has no health check. Neither engine looks for NAME.dockerignore by itself.
    "$engine" build --format docker --ignorefile docker/Dockerfile.dockerignore "${arguments[@]}" .
    ;;
  *) fail "ENGINE must be docker, podman or buildah, not $engine" ;;
esac
echo "built $tag"

$run || exit 0
job=(generate --model avatars-32 --count 2 --steps 4 --seed 7 --device cpu --out /tmp/images)
# Any user of group 0, as OpenShift chooses.
user=$((RANDOM + 20000)):0
if [[ $engine == buildah ]]; then
  container=$(buildah from "$tag")
  trap 'buildah rm "$container" > /dev/null' EXIT
  mapfile -t command < <(
    buildah inspect --format '{{range .OCIv1.Config.Entrypoint}}{{println .}}{{end}}' "$container" \
      | sed '/^$/d')
  buildah run --user "$user" "$container" -- "${command[@]}" "${job[@]}"
else
  # /tmp is executable, since ONNX Runtime's libraries are unpacked there.
  "$engine" run --rm --read-only --tmpfs /tmp:exec --cap-drop ALL --user "$user" \
    --security-opt no-new-privileges "$tag" "${job[@]}"
fi
echo "ran one job in $tag as user $user"
