# One verb per task. `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help setup generate check test demo conformance fuzz docs bench build clean

help: ## List the tasks
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## Make the virtual environment with everything the other tasks need

$(VENV)/.ready: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

generate: setup ## Render spec/ into generated/ and check the result
	$(BIN)/python -m generator render
	$(BIN)/python -m generator check

check: setup ## Format, lint, types, import rules, the description, and that generated/ is up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/openapi-spec-validator spec/openapi.yaml
	$(BIN)/python -m generator check

test: setup $(if $(CI),check) ## Run the tests (in CI, after `make check`)
	$(BIN)/pytest -n auto

demo: setup ## Render the client and make real calls with it to the emulator
	$(BIN)/python -m generator render
	$(BIN)/python examples/demo.py

RECORDINGS ?= ../shared/recordings

conformance: setup ## Replay recorded traffic against the emulator: make conformance RECORDINGS=DIR
	$(BIN)/python -m tests.contract.conformance $(RECORDINGS)

fuzz: setup ## Feed hostile bytes to everything that parses them, for two minutes
	$(BIN)/python -m tests.fuzz

docs: setup ## Build the site with guides and reference into build/docs
	$(BIN)/python -m docs.site
	$(BIN)/zensical build --strict --config-file build/mkdocs.yml

bench: setup ## Measure speed and memory next to bare httpx
	@# niquests replaces urllib3, which other tools in $(VENV) need; without it its rows are skipped, and say so.
	-@test -x build/niquests/bin/python || { $(PYTHON) -m venv build/niquests && \
		build/niquests/bin/pip install --quiet --disable-pip-version-check niquests==3.21.2; }
	$(BIN)/python -m benchmarks

build: setup ## Build the wheel and the source distribution into dist/
	$(BIN)/pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir dist .

clean: ## Delete the virtual environment and caches
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
