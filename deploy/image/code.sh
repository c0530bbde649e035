# Our two distributions, installed into /opt/khulasa/app under $2, and the bill of materials of the whole image.
# $1: folder of the sources, $2: where the tree goes
set -eu
app=/opt/khulasa/app
/tools/bin/python -m pip --disable-pip-version-check --quiet wheel --no-index --no-deps --no-build-isolation \
    --wheel-dir /wheels "$1/proto" "$1/server"
/tools/bin/python -m pip --disable-pip-version-check --quiet --python /opt/khulasa/bin/python install \
    --no-index --no-deps --target "$app" /wheels/*.whl
# What the server needs is there and loads, or the build ends here.
"$app/bin/khulasa-server" doctor
mkdir -p "$2/opt/khulasa" "$2/usr/share/sbom" "$2/var/lib/khulasa/models"
/tools/bin/cyclonedx-py environment --spec-version 1.6 --output-format JSON --output-reproducible --validate \
    /opt/khulasa/bin/python >/python.json
/tools/bin/python /image/sbom.py --python /python.json --debian /status.d --models /opt/khulasa/share/khulasa/models \
    >"$2/usr/share/sbom/khulasa-server.cdx.json"
mv "$app" "$2/opt/khulasa/app"
chown -R 65532:65532 "$2/var/lib/khulasa"
