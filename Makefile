# One target per task; `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
WORKERS ?= auto
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help setup generate check test matrix lowest coverage surface demo conformance fuzz docs bench build clean

help: ## List the tasks
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## Create the virtual environment that the other tasks use

$(VENV)/.ready: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is required; to choose one, run: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

generate: setup ## Render spec/ into generated/ and check the result
	$(BIN)/python -m generator render
	$(BIN)/python -m generator check

check: setup ## Check format, lint, types, import rules, the API description, and that generated/ is up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/openapi-spec-validator spec/openapi.yaml
	$(BIN)/python -m generator check

test: setup $(if $(CI),check) ## Run the tests (in CI, after `make check`)
	$(BIN)/pytest -n $(WORKERS)

PYTHONS ?= python3.12 python3.13 python3.14

matrix: ## Run the tests on every other supported Python that is installed: make matrix PYTHONS="python3.13 …"
	@for python in $(PYTHONS); do \
		command -v $$python >/dev/null || { echo "skipped: $$python is not installed"; continue; }; \
		folder=build/$$(basename $$python); echo "== $$python"; \
		$$python -m venv $$folder && \
		$$folder/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]' && \
		$$folder/bin/pytest -n $(WORKERS) || exit 1; \
	done

lowest: ## Run the tests with the lowest supported version of every dependency
	$(PYTHON) -m venv build/lowest
	build/lowest/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@# In a second step, because some test tools require newer versions than the SDK does.
	$(PYTHON) -m tests.lowest > build/lowest/requirements.txt
	build/lowest/bin/pip install --quiet --disable-pip-version-check --requirement build/lowest/requirements.txt
	build/lowest/bin/pytest -n $(WORKERS)

coverage: setup ## Measure the branch coverage of the tests
	$(BIN)/pytest -n $(WORKERS) --cov --cov-report=term

surface: setup ## Update the snapshot of the public API after a change
	$(BIN)/python -m tests.surface.public

demo: setup ## Generate the client and make real calls to the emulator
	$(BIN)/python -m generator render
	$(BIN)/python examples/demo.py

RECORDINGS ?= ../shared/recordings
RELEASES ?= 2026-04

conformance: setup ## Replay recorded traffic against the emulator: make conformance RECORDINGS=DIR RELEASES="2026-04 …"
	@for release in $(RELEASES); do \
		echo "== release $$release"; $(BIN)/python -m tests.contract.conformance $(RECORDINGS) --release $$release || exit 1; \
	done

fuzz: setup ## Fuzz all parsers for two minutes
	$(BIN)/python -m tests.fuzz

docs: setup ## Build the documentation site in build/docs
	$(BIN)/python -m docs.site
	$(BIN)/zensical build --strict --config-file build/mkdocs.yml

bench: setup ## Run the benchmarks against plain httpx
	@# niquests replaces urllib3, which other tools in $(VENV) need. Without it, its rows are skipped with a message.
	-@test -x build/niquests/bin/python || { $(PYTHON) -m venv build/niquests && \
		build/niquests/bin/pip install --quiet --disable-pip-version-check niquests==3.21.2; }
	$(BIN)/python -m benchmarks

build: setup ## Build the wheel and the source distribution in dist/
	$(BIN)/hatchling build --clean --directory dist

clean: ## Delete the virtual environment and caches
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
