# The two to know: `make serve` and `make test`. Each installs what it needs into .venv.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# The tests start many processes that import the package; none of them should compile it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: serve test torture coverage build validate check manual format bench clean

serve: .venv/installed ## validate, build and serve the shipped definitions, with a sample database and tokens
	$(BIN)/metrics-dictionary validate definitions
	$(BIN)/metrics-dictionary serve --definitions definitions --site site --demo var --host $(HOST) --port $(PORT)

test: .venv/installed-test ## install what the tests need and run all of them, on every core
	tests/install-system-packages
	tests/install-node-packages
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile $(ARGS)

torture: .venv/installed-test ## put the server under stress for minutes; `make test` does so for seconds
	TORTURE=full $(BIN)/python -m pytest tests/torture $(ARGS)

coverage: .venv/installed-test ## run the tests and say which lines of the package none of them reaches
	tests/install-system-packages
	tests/install-node-packages
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --cov --cov-report=term:skip-covered --cov-report=html $(ARGS)

build: .venv/installed ## build the site into site/
	$(BIN)/metrics-dictionary build --definitions definitions --output site --strict

validate: .venv/installed ## check the shipped definitions
	$(BIN)/metrics-dictionary validate definitions

check: .venv/installed-test ## format, lint, types, definitions: before every commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	tests/check-javascript
	$(BIN)/metrics-dictionary validate definitions
	$(BIN)/metrics-dictionary fmt --check definitions

manual: .venv/installed ## write the references of the guides from the commands and settings themselves
	$(BIN)/python -m metrics_dictionary.cli.manual site_src/guides

format: .venv/installed-test ## put the code into its one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	tests/check-javascript --write

bench: .venv/installed-bench ## measure every budget, beside its peers, in one run
	$(BIN)/python -m tests.benchmarks.bench $(ARGS)

clean: ## remove what the other targets made: environments, the site, the demo's data, figures and caches
	rm -rf .venv node_modules site .site-* var build .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find generator tests -type d -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: Python 3.11 or newer is needed; set PYTHON=/path/to/it" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml
	$(PIP) install --editable .
	@touch $@

.venv/installed-test: .venv/installed
	$(PIP) install --editable '.[test]'
	@touch $@

.venv/installed-bench: .venv/installed-test
	$(PIP) install --editable '.[bench]'
	@touch $@
