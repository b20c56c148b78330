# `make demo` and `make test` set everything up by themselves; a second call starts at once.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# As many at once as there are cores; each file of tests by one, whose models are learned once,
# and in the order of tests/conftest.py. What is skipped is told with its reason.
# Compiled tests are kept, whatever the machine prefers: each worker and process reads them.
TESTS := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -rs \
	-n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help demo test check bench docs validate

help:
	@echo "make demo      try djlib on an invented library, in ./djlib-demo"
	@echo "make test      run the tests"
	@echo "make check     ruff, mypy and the tests: what has to pass before a commit"
	@echo "make bench     measure speed and memory against the promises (minutes)"
	@echo "make validate  train on invented libraries and check the figures"
	@echo "make docs      write docs/reference/commands.md anew"
	@echo "Set-up goes into .venv; another Python: make PYTHON=python3.12 demo"

demo: $(READY)
	@$(BIN)/djlib demo

test: $(READY)
	@$(TESTS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(TESTS)

bench: $(READY)
	@failed=; for name in startup reading scanning assigning ranking; do \
		echo; echo "$$name"; $(BIN)/python benchmarks/$$name.py || failed="$$failed $$name"; \
	done; test -z "$$failed" || { echo "a promise is broken:$$failed" >&2; exit 1; }

docs: $(READY)
	@$(BIN)/python docs/generate.py

validate: $(READY)
	@$(BIN)/python .ci/validate_model.py

# torch first and alone: asked for by others, it brings gigabytes for graphics cards.
$(READY): requirements.txt requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "djlib needs Python 3.11 or newer, and '$(PYTHON)' is" \
			"$$($(PYTHON) --version 2>/dev/null || echo 'not there');" \
			"name another: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up .venv, once (some minutes, 2 GB)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --no-deps $$(grep '^torch==' requirements.txt)
	@$(PIP) -r requirements.txt -r requirements-dev.txt
	@$(PIP) --no-deps -e .
	@touch $@
