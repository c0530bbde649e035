# Takes out of an environment what no server runs: tests, headers, symbols for debuggers.
# $1: the environment
set -eu
# A dependency that the lock lacks is found here and not by a caller.
/tools/bin/python -m pip --disable-pip-version-check --python "$1/bin/python" check
packages=$(echo "$1"/lib/python3*/site-packages)
find "$packages" -depth -type d \( -name tests -o -name test \) -path '*/numpy/*' -exec rm -rf {} +
rm -rf "$packages"/numpy/_core/include "$packages"/numpy/_core/lib "$packages"/numpy/f2py
find "$packages" -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -name '*.c' \) -delete
# Compiled ahead of time is what a start reads; these two are for commands that people type.
rm -rf $(find "$packages"/pygments "$packages"/huggingface_hub -type d -name __pycache__)
# A faster way to download, which `models pull` does not take: it fetches files itself, so that it can resume.
rm -rf "$packages"/hf_xet "$packages"/hf_xet-*.dist-info
# The C libraries that wheels bring along (*.libs) were laid out anew by other tools: strip breaks them.
find "$packages" -name '*.so' -size +1M -not -path '*.libs/*' -exec strip --strip-unneeded {} +
# Our code lies beside the dependencies, so that both are layers of their own.
echo /opt/khulasa/app >"$packages/khulasa-app.pth"
