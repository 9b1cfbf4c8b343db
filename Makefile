# People and CI call the same targets. `make demo` and `make test` need only Python and make.
PYTHON ?= python3
VENV ?= .venv
BENCH_VENV ?= .venv-bench
LOWEST_VENV ?= .venv-lowest
DEMO_HOME ?= $(CURDIR)/.demo
DEV_HOME ?= $(CURDIR)/.dev
PYTEST ?=
WORKERS ?= 2
WHEELS ?=
ONLY ?= checks

# without bytecode every process that a test starts compiles the package again
unexport PYTHONDONTWRITEBYTECODE

BIN := $(VENV)/bin
NPM := $(BIN)/python hatch_build.py npm
OPENAPI := $(abspath $(VENV))/openapi.json
PYTEST_WITH_WORKERS = $(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder
ONE_BY_ONE := $(BIN)/python -m pytest --last-failed --last-failed-no-failures none
# what fails beside another process is run once more, alone: a failure counts if it repeats, and both are printed
run_tests = $(PYTEST_WITH_WORKERS) -m "$(1)" $(PYTEST) || { test $$? = 1 && echo "Once more, alone:" && $(ONE_BY_ONE) -m "$(1)" $(PYTEST); }
MKDOCS := PYTHONPATH=$(CURDIR) NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs
INSTALLED := $(VENV)/.installed
BENCH_INSTALLED := $(BENCH_VENV)/.installed

.PHONY: help demo demo-wandb check docs api-types dev test test-slow reliability audit lower-bounds bench gpu format clean release

help:
	@echo "make demo    install into $(VENV), run a real sweep of two-rank DDP trials, show the results"
	@echo "make demo-wandb  run an unmodified W&B script and its sweep, in $(BENCH_VENV)"
	@echo "make test    install into $(VENV), run the tests (make test PYTEST='-k journal' for some)"
	@echo "make test-slow  the tests that are slow by nature: browsers, clusters, faults, long property tests"
	@echo "make check   lint, formatting, types, the rules of tools/check; of the dashboard too, with its unit tests"
	@echo "make dev     the dashboard with reload, on a server of its own (make dev DEV_HOME=.demo: with the demo's data)"
	@echo "make api-types  generate the dashboard's types from the server's API"
	@echo "make docs    build these pages into site/; \`lightning-sweeps docs\` serves them"
	@echo "make reliability    run the fault matrix (half an hour) and write docs/reliability.md"
	@echo "make audit   known vulnerabilities of the installed libraries (asks PyPI's advisories)"
	@echo "make lower-bounds    install the oldest allowed dependencies into $(LOWEST_VENV), and run a part of the tests there"
	@echo "make bench   run the benchmark of log() against other loggers, installed in $(BENCH_VENV)"
	@echo "make gpu     checks that need an NVIDIA GPU, in at most 5 minutes, with $(PYTHON) and what is installed for it (no network;"
	@echo "             WHEELS=FOLDER installs prepared wheels into a temporary folder first; ONLY=benchmark measures instead)"
	@echo "make release VERSION=1.2.3 REPOSITORY=https://host/owner/name  set the version, close the changelog's section, build the packages and check them"
	@echo "make format  format the code"
	@echo "make clean   remove the environments and the demo's data"

$(INSTALLED): pyproject.toml hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or later is needed; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(BENCH_INSTALLED): pyproject.toml
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@

demo: $(INSTALLED)
	@PATH="$(CURDIR)/$(BIN):$$PATH" LIGHTNING_SWEEPS_HOME="$(DEMO_HOME)" sh examples/ddp/launch.sh sweep --quiet

demo-wandb: $(BENCH_INSTALLED)
	@PATH="$(CURDIR)/$(BENCH_VENV)/bin:$$PATH" LIGHTNING_SWEEPS_HOME="$(DEMO_HOME)" sh examples/wandb/launch.sh

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tools.check
	$(MKDOCS) build --site-dir $(abspath $(VENV))/site
	$(BIN)/python -m pytest tests/structure/test_imports.py
	$(NPM) run check
	$(BIN)/python -m lightning_sweeps.server.openapi > $(OPENAPI)
	$(NPM) run api-types -- $(OPENAPI) --check

docs: $(INSTALLED)
	$(MKDOCS) build

test: $(INSTALLED)
	$(NPM) test
	$(call run_tests,not slow)

test-slow: $(INSTALLED)
	$(call run_tests,slow)

reliability: $(INSTALLED)
	$(BIN)/python -m pytest tests/faults --long-faults --write-reliability

audit: $(INSTALLED)
	$(BIN)/pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --local --skip-editable

# without torch, which only training programs import; the package itself is the working tree
LOWEST_TESTS := tests/store/test_ingest.py tests/store/test_migrations.py tests/server/test_journal_parts.py tests/server/test_problems.py \
	tests/server/test_hardening.py tests/cli/test_start.py --deselect tests/cli/test_start.py::test_help_imports_nothing_slow
LOWEST_EXTRA_TESTS := tests/alerts tests/mcp tests/cli/terminal tests/exporters tests/api/test_figures.py
lower-bounds:
	$(PYTHON) -m venv --clear $(LOWEST_VENV)
	$(PYTHON) -m tools.lower_bounds > $(LOWEST_VENV)/requirements.txt
	$(LOWEST_VENV)/bin/pip install --quiet --disable-pip-version-check -r $(LOWEST_VENV)/requirements.txt pytest hypothesis
	$(LOWEST_VENV)/bin/python -m pytest -W ignore::DeprecationWarning -p no:cacheprovider $(LOWEST_TESTS)
	$(PYTHON) -m tools.lower_bounds extras > $(LOWEST_VENV)/extras.txt
	$(LOWEST_VENV)/bin/pip install --quiet --disable-pip-version-check -r $(LOWEST_VENV)/extras.txt
	$(LOWEST_VENV)/bin/python -m pytest -W ignore::DeprecationWarning -p no:cacheprovider -m "not slow" $(LOWEST_EXTRA_TESTS)

bench: $(BENCH_INSTALLED)
	$(BENCH_VENV)/bin/python benchmarks/log.py

gpu:
	PYTHON="$(PYTHON)" WHEELS="$(WHEELS)" ONLY="$(ONLY)" sh tests/gpu/run.sh

release: $(INSTALLED)
	$(BIN)/python -m tools.release "$(VERSION)" "$(REPOSITORY)"

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(NPM) run format

dev: $(INSTALLED)
	@$(BIN)/python dashboard/dev.py --home "$(DEV_HOME)"

api-types: $(INSTALLED)
	$(BIN)/python -m lightning_sweeps.server.openapi > $(OPENAPI)
	$(NPM) run api-types -- $(OPENAPI)

clean:
	-LIGHTNING_SWEEPS_HOME="$(DEMO_HOME)" $(BIN)/lightning-sweeps server --stop
	rm -rf $(VENV) $(BENCH_VENV) $(LOWEST_VENV) $(DEMO_HOME) $(DEV_HOME) site dashboard/node_modules lightning_sweeps/server/static .mypy_cache .pytest_cache .ruff_cache .hypothesis
