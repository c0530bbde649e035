#!/usr/bin/env bash
# Makes a base image out of Debian packages alone, for machines that reach no image registry.
#
#   tools/base_image.sh [NAME]        default: localhost/khulasa-base:bookworm
#   BASE_IMAGE=localhost/khulasa-base:bookworm tools/image.sh
#
# Needs root, and the Debian packages debootstrap and buildah. DEBIAN_MIRROR names another source of Debian's packages;
# STORAGE_DRIVER is buildah's own (vfs works everywhere and copies every layer).
set -euo pipefail

name=${1:-localhost/khulasa-base:bookworm}
for tool in debootstrap buildah; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install debootstrap buildah" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT

echo "debootstrap: some two minutes"
debootstrap --variant=minbase bookworm "$work/tree" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$work/log" \
    || { tail -20 "$work/log" >&2; exit 1; }
rm -rf "$work"/tree/var/cache/apt/archives/*.deb "$work"/tree/var/lib/apt/lists/*
container=$(buildah from scratch)
buildah copy --quiet "$container" "$work/tree" / >/dev/null
buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd bash "$container"
buildah commit --quiet --rm "$container" "$name" >/dev/null
echo "$name: $(du -sm "$work/tree" | cut -f1) MB"
