#!/usr/bin/env bash
# Looks for faults: bandit in our own code, pip-audit for known holes in everything that requirements/*.txt pins.
#
#   tools/audit.sh            exit status 1: bandit or pip-audit found something; 2: not every package could be asked about
#
# What bandit says and docs/threat-model.md answers is in tools/bandit-baseline.json. When a new finding is no fault:
#   .build/audit/bin/bandit -q -r server/khulasa client/khulasa -f json | python3 tools/bandit_baseline.py
# pip-audit asks pypi.org about each package; where that cannot be reached nothing is audited, and the script says so.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=.build/audit
if ! cmp -s requirements/audit.txt "$environment/audit.txt"; then
    python3 -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --require-hashes --requirement requirements/audit.txt
    cp requirements/audit.txt "$environment/audit.txt"
fi

status=0
echo "bandit: server/ client/"
"$environment/bin/bandit" --quiet --recursive server/khulasa client/khulasa --baseline tools/bandit-baseline.json \
    || status=1
report=$(mktemp)
trap 'rm -f "$report"' EXIT
for file in requirements/*.txt; do
    "$environment/bin/pip-audit" --disable-pip --requirement "$file" --format json --progress-spinner off --timeout 10 \
        >"$report" 2>"$report.log" || true
    code=0
    python3 - "$file" "$report" <<'PYTHON' || code=$?
import json
import sys

name, report = sys.argv[1:]
try:
    with open(report, encoding="utf-8") as file:
        packages = json.load(file)["dependencies"]
except (ValueError, KeyError):
    print(f"pip-audit: {name}: NOT AUDITED, no answer")
    sys.exit(2)
asked = [one for one in packages if "skip_reason" not in one]
found = [(one["name"], one["version"], hole["id"]) for one in asked for hole in one["vulns"]]
if asked:
    print(f"pip-audit: {name}: {len(asked)} of {len(packages)} packages audited, {len(found)} known holes")
else:
    print(f"pip-audit: {name}: NOT AUDITED, nothing was to be learnt about any of {len(packages)} packages")
for package, version, hole in found:
    print(f"    {package} {version}: {hole}")
sys.exit(1 if found else 2 if not packages or len(asked) < len(packages) else 0)
PYTHON
    [ "$code" -eq 0 ] || { [ "$status" -eq 1 ] || status=$code; }
    rm -f "$report.log"
done
exit "$status"
