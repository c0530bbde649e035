# khulasa-server. `make image`, or: docker build --build-arg VARIANT=cuda -t khulasa-server:cuda .
#
# The final image starts from nothing: Python and what it links against out of Debian's packages, our dependencies, the
# bundled models, our code. No shell, no pip, no package manager. Layers go from what changes seldom to what changes
# often, so that a change of code makes the last one anew and nothing else.
#
# VARIANT: cpu, cuda (cuBLAS besides) or ray (Ray besides, and the shell that it needs; deploy/ray runs it).
# BASE_IMAGE: any Debian 12 with apt; tools/base_image.sh makes one where no image registry can be reached.
# Secrets `pip` (a pip.conf) and `ca` (PEM certificates), both optional, are for a package index of your own; they are
# read while packages are fetched and are in no layer.
ARG BASE_IMAGE=debian:bookworm-slim
ARG VARIANT=cpu

FROM ${BASE_IMAGE} AS tools
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        python3 python3-venv ca-certificates binutils media-types netbase \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
RUN python3 -m venv /tools
COPY deploy/image/pip.sh /image/
COPY requirements/image.txt /requirements/
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca \
    sh /image/pip.sh install --require-hashes --requirement /requirements/image.txt

FROM tools AS system
COPY deploy/image/system.sh /image/
RUN sh /image/system.sh /system

FROM tools AS dependencies-cpu
RUN python3 -m venv --without-pip /opt/khulasa
COPY deploy/image/slim.sh /image/
COPY requirements/server.txt /requirements/
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca \
    sh /image/pip.sh --python /opt/khulasa/bin/python install --require-hashes --requirement /requirements/server.txt \
    && sh /image/slim.sh /opt/khulasa

FROM dependencies-cpu AS dependencies-cuda
COPY requirements/cuda.txt /requirements/
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca \
    sh /image/pip.sh --python /opt/khulasa/bin/python install --require-hashes --requirement /requirements/cuda.txt

FROM dependencies-cpu AS dependencies-ray
COPY requirements/ray.txt /requirements/
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca \
    sh /image/pip.sh --python /opt/khulasa/bin/python install --require-hashes --requirement /requirements/ray.txt

FROM dependencies-${VARIANT} AS dependencies

FROM dependencies AS code
COPY --from=system /system/var/lib/dpkg/status.d /status.d
COPY models /opt/khulasa/share/khulasa/models
COPY deploy/image/code.sh tools/sbom.py /image/
COPY proto /source/proto
COPY server /source/server
RUN sh /image/code.sh /source /made

FROM scratch AS image-cpu
COPY --from=system /system /
COPY --from=dependencies /opt/khulasa /opt/khulasa
COPY models /opt/khulasa/share/khulasa/models
ENV PATH=/opt/khulasa/app/bin:/opt/khulasa/bin:/usr/bin \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    KHULASA_HOST=0.0.0.0 \
    KHULASA_PORT=50051 \
    KHULASA_HEALTH_PORT=50052 \
    KHULASA_METRICS_HOST=0.0.0.0 \
    KHULASA_DOWNLOAD_DIR=/var/lib/khulasa/models
# As numbers, so that Kubernetes can see that it is not root.
USER 65532:65532
WORKDIR /var/lib/khulasa
EXPOSE 50051 50052
# The health port speaks no TLS and knows nothing but health, so the check works whatever certificates there are.
# Its own limit is 3 s; the rest is for Python to start on a machine that has other things to do.
HEALTHCHECK --interval=15s --timeout=15s --start-period=60s --retries=3 CMD ["khulasa-server", "healthcheck"]
ENTRYPOINT ["khulasa-server"]
CMD ["serve"]

FROM image-cpu AS image-cuda
ENV LD_LIBRARY_PATH=/opt/khulasa/lib/python3.11/site-packages/nvidia/cublas/lib \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    KHULASA_DEVICE=auto

# For deploy/ray: Ray starts each of its workers by bash.
FROM image-cpu AS image-ray
COPY --from=tools /usr/bin/bash /usr/bin/bash

FROM image-${VARIANT} AS image
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="khulasa-server" \
      org.opencontainers.image.description="Aligned bilingual (Arabic, English) summaries of news articles over gRPC" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=code /made /
# After the last layer: another commit with the same code changes no layer.
LABEL org.opencontainers.image.revision="${REVISION}"
