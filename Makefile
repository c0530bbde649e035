# Every target works on a fresh clone with nothing but python3 (3.11+) and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DISTRIBUTIONS := proto/pyproject.toml client/pyproject.toml server/pyproject.toml
PYTEST := $(BIN)/python -m pytest -m "not long"
# Tests that wait for processes most of the time; the others run beside them, for two cores have room for both.
WAITING := tests/archive tests/deploy tests/e2e tests/fuzz tests/packaging

.PHONY: setup dev demo test test-waiting test-others lint proto format bench evaluate image audit deploy-check lock clean help

help:  ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

$(VENV)/.python: 
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.server: $(VENV)/.python requirements/server.txt requirements/build.txt $(DISTRIBUTIONS)
	$(PIP) install --quiet --require-hashes --requirement requirements/server.txt --requirement requirements/build.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable proto --editable client --editable server
	@touch $@

$(VENV)/.dev: $(VENV)/.server requirements/dev.txt
	$(PIP) install --quiet --require-hashes --requirement requirements/dev.txt
	@touch $@

setup: $(VENV)/.server  ## .venv with stubs, client and server in it
dev: $(VENV)/.dev  ## setup, and what tests and lint need

demo: setup  ## start the real server, summarise the seed article through the client
	$(BIN)/python tools/demo.py

test: dev  ## every test but the long ones, in two processes
	@$(MAKE) --no-print-directory --keep-going --jobs=2 test-others test-waiting

test-others: dev
	$(PYTEST) $(WAITING:%=--ignore=%)

# What it says comes when all of it is done, not between the lines of the others.
test-waiting: dev
	@mkdir -p .build
	@$(PYTEST) $(WAITING) > .build/test-waiting.log 2>&1; status=$$?; cat .build/test-waiting.log; exit $$status

lint: dev  ## ruff, mypy, import-linter, buf, stubs match protos, packages their manifests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/protos.py --check --lint
	$(BIN)/python tools/manifest.py models/khulasa-base --check

bench: dev  ## every performance benchmark; writes docs/performance.md (an hour on two cores)
	$(BIN)/python -m benchmarks.run

format: dev  ## ruff format and its safe fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

proto: dev  ## regenerate the stubs and the API reference
	$(BIN)/python tools/protos.py
	$(BIN)/python tools/api_reference.py

evaluate: dev  ## BLEU, chrF, flags and speed of a package, beside other systems (ARGS="--package NAME --lines 100")
	$(BIN)/python benchmarks/evaluation/evaluate.py $(ARGS)

image:  ## build the container image with docker, podman or buildah, whichever is there (VARIANT=cuda or ray)
	VARIANT=$(VARIANT) tools/image.sh

audit:  ## bandit, and known holes in the pinned packages (needs the package index's advisories)
	tools/audit.sh

deploy-check: dev  ## check deploy/ and examples/ with Envoy, Kubernetes' schemas and Node.js (needs npm)
	$(PIP) install --quiet --require-hashes --requirement requirements/deploy.txt
	cd examples/node && npm install
	$(PYTEST) tests/deploy

lock:  ## pin the requirements anew, with hashes (needs uv)
	$(PYTHON) tools/lock.py

clean:  ## remove the environment and caches
	rm -rf $(VENV) .build .run .pytest_cache .mypy_cache .ruff_cache .hypothesis
