#!/usr/bin/env bash
# Builds the image with whatever builder there is: docker, podman or buildah.
#
#   tools/image.sh [NAME]             default: khulasa-server:VERSION (and -cuda or -ray for that VARIANT)
#
# Settings, all optional:
#   VARIANT     cpu (default), cuda or ray
#   BASE_IMAGE  a Debian 12 with apt; default: the Dockerfile's. tools/base_image.sh makes one without a registry.
#   BUILDER     docker, podman or buildah; default: the first that works
#   PIP_CONF    a pip.conf for the build, CA_BUNDLE PEM certificates for it; neither is kept in the image
set -euo pipefail
cd "$(dirname "$0")/.."

works() {
    case $1 in
        docker) docker info >/dev/null 2>&1 ;;
        *) command -v "$1" >/dev/null ;;
    esac
}
if [ -z "${BUILDER:-}" ]; then
    for BUILDER in docker podman buildah none; do works "$BUILDER" && break || true; done
    [ "$BUILDER" != none ] || { echo "none of docker, podman, buildah works here" >&2; exit 1; }
fi
case $BUILDER in
    # Secrets need BuildKit, which older dockers have to be asked for.
    docker) export DOCKER_BUILDKIT=1; command=(docker build) ;;
    podman) command=(podman build --format docker --layers) ;;
    # A health check is not part of the OCI format. Chroot needs no privileges that a container lacks.
    buildah) command=(buildah build --format docker --layers --isolation "${BUILDAH_ISOLATION:-chroot}") ;;
    *) echo "BUILDER is docker, podman or buildah" >&2; exit 2 ;;
esac

version=$(sed -n 's/^version = "\(.*\)"/\1/p' server/pyproject.toml)
variant=${VARIANT:-cpu}
name=${1:-khulasa-server:$version$([ "$variant" = cpu ] || echo "-$variant")}
arguments=(--build-arg "VARIANT=$variant" --build-arg "VERSION=$version")
arguments+=(--build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)")
[ -z "${BASE_IMAGE:-}" ] || arguments+=(--build-arg "BASE_IMAGE=$BASE_IMAGE")
# Empty files where nothing is given: not every builder lets a secret be absent.
empty=$(mktemp)
trap 'rm -f "$empty"' EXIT
arguments+=(--secret "id=pip,src=${PIP_CONF:-$empty}" --secret "id=ca,src=${CA_BUNDLE:-$empty}")

"${command[@]}" "${arguments[@]}" --tag "$name" .
echo "$name built by $BUILDER"
