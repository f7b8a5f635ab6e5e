# Two commands: `make boot` and `make test`. Both do all the set-up they need; Python 3.11 and make are enough.
# `make test TESTS=all` also runs the files that take long (tests/order.py).
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
STAMP := $(VENV)/.set-up
WORKERS ?= 2
TESTS ?= short

.PHONY: setup boot test check clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Hardtalk needs Python 3.11: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

boot: setup
	$(VENV)/bin/hardtalk boot

test: setup
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist worksteal $(if $(filter all,$(TESTS)),,-m 'not long')

check: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

clean:
	rm -rf build dist $(VENV)
