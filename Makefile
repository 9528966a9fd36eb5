PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := $(VENV)/.installed-peers

.PHONY: help setup demo test again faults browsers check bench pictures cover format lock clean
help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## / - /'

$(STAMP): .ci/requirements-dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r .ci/requirements-dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

setup: $(STAMP) ## a virtual environment with everything pinned

demo: $(STAMP) ## the dashboard, live, on sample reports that really run
	$(BIN)/jobmon demo

# Five at once on two cores: many of them wait for real deadlines.
test: $(STAMP) ## every test that needs no root and no browser
	$(BIN)/python -m pytest -q -n 5 --dist worksteal

again: $(STAMP) ## only the tests that failed last time
	$(BIN)/python -m pytest -q --last-failed --last-failed-no-failures none

faults: $(STAMP) ## kill, fill, cut and lie to it, as often as was promised; needs root and libfaketime
	JOBMON_FAULTS=whole $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/e2e/faults tests/e2e/test_claims.py \
	  tests/e2e/test_leaks.py tests/cli/test_hostile_text.py tests/api/test_description.py tests/api/test_pages.py \
	  tests/tui/test_fuzzed_screens.py tests/tui/test_left_early.py tests/conformance/test_lists_agree.py

# Each speaks WebDriver BiDi, so that no library is needed; what is missing is installed or asked for, never left out.
browsers: $(STAMP) ## the dashboard in headless Chromium and Firefox; as root it installs them on Debian
	.ci/browsers
	$(BIN)/python -m pytest -q tests/browsers/journeys.py

check: $(STAMP) ## format, lint, types, import contracts, file sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/file_size.py

$(PEERS): $(STAMP) .ci/requirements-bench.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r .ci/requirements-bench.txt
	touch $(PEERS)

bench: $(PEERS) ## measure the retry on a million executions, and the engine against its peers; over the limits it fails
	$(BIN)/python -m tests.benchmarks.bench_retry
	$(BIN)/python -m tests.benchmarks.bench_retry_postgres
	$(BIN)/python -m tests.benchmarks.bench_audit_chain
	$(BIN)/python -m tests.benchmarks.bench_engine
	$(BIN)/python -m tests.benchmarks.bench_postgres
	$(BIN)/python -m tests.benchmarks.bench_feed
	$(BIN)/python -m tests.benchmarks.bench_scale
	$(BIN)/python -m tests.benchmarks.bench_line
	$(BIN)/python -m tests.benchmarks.bench_start
	$(BIN)/python -m tests.benchmarks.bench_memory
	$(BIN)/python -m tests.benchmarks.bench_api

pictures: $(STAMP) ## the README's pictures, from the real dashboard
	$(BIN)/python docs/pictures/make.py

cover: $(STAMP) ## every test, and which lines none of them reached
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -q --cov --cov-report=term

format: $(STAMP) ## put the code in its standard form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# With the extras' names kept: without them pip takes coverage[toml] for an unpinned package.
lock: ## pin anew what is tested with; needs uv
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url \
	  --no-header --no-annotate --upgrade pyproject.toml --extra api --extra web --group dev -o .ci/requirements-dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url \
	  --no-header --no-annotate --upgrade --group pyproject.toml:bench -o .ci/requirements-bench.txt

clean: ## forget the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
