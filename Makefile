# Everything a fresh machine needs, each command by itself: `make demo` to see it work, `make test` to prove it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WITHOUT := echo "Going on without them: mails need none, printed notices do" >&2

.PHONY: demo test soak check lint types bench pictures install clean

demo: $(VENV)/.run
	$(BIN)/vaguemestre demo $(ARGS)

test: $(VENV)/.test
	$(BIN)/python -m pytest -q -n 2 --dist loadfile $(ARGS)

soak: $(VENV)/.test
	$(BIN)/python -m pytest -q -m soak $(ARGS)

# The gates, cheapest first; make stops at the first that fails.
check: lint types test

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

bench: $(VENV)/.test
	$(BIN)/python -m bench.intake
	$(BIN)/python -m bench.notices
	$(BIN)/python -m bench.classify

# The pictures of docs/gestionnaires.md; Chromium is needed.
pictures: $(VENV)/.test
	$(BIN)/python -m docs.pictures

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or later is needed, and $(PYTHON) is $$($(PYTHON) --version 2>&1); make PYTHON=... names another" >&2; exit 1; }
	./prepare.sh run || $(WITHOUT)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	./prepare.sh run || $(WITHOUT)
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
