# pip with what the build was lent: a configuration and certificates of a package index, if any.
set -eu
[ ! -s /run/secrets/pip ] || export PIP_CONFIG_FILE=/run/secrets/pip
[ ! -s /run/secrets/ca ] || export PIP_CERT=/run/secrets/ca
exec /tools/bin/python -m pip --disable-pip-version-check --no-cache-dir --quiet --no-input "$@"
