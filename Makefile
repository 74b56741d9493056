# Everything a fresh machine needs, each command by itself: `make demo` to see it work, `make test` to prove it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check lint types bench install clean

demo: $(VENV)/.run
	$(BIN)/vaguemestre demo $(ARGS)

test: $(VENV)/.test
	$(BIN)/python -m pytest -q $(ARGS)

# The gates, cheapest first; make stops at the first that fails.
check: lint types test

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

bench: $(VENV)/.test
	$(BIN)/python -m bench.intake $(ARGS)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; PYTHON=... names one" >&2; exit 1; }
	./prepare.sh run
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	./prepare.sh run
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	./prepare.sh test
	$(BIN)/python -m pip install --quiet --editable '.[demo,postgresql]' --group dev
	@touch $@

# As root; DESTDIR=folder puts it all under that folder instead, and touches nothing of this machine.
install:
	DESTDIR="$(DESTDIR)" PYTHON="$(PYTHON)" PIP_FLAGS="$(PIP_FLAGS)" ./systemd/install.sh

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
