# Two commands do everything on a fresh machine with Python 3.10+, git and make:
#   make sweep REPO=/path/to/repo     make test
# Both make a virtual environment in .venv first, and again when pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
REPO ?= .
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

.PHONY: sweep test check format kernel-asan docs clean

sweep: $(VENV)/.run
	@$(BIN)/leakguard sweep "$(REPO)" $(ARGS); status=$$?; [ $$status -le 1 ] || exit $$status

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/leakguard rules check
	$(BIN)/python -m pytest -n auto $(ARGS)

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.run: pyproject.toml setup.py $(wildcard leakguard/git/kernel_src/*) $(wildcard leakguard/detect/runs_src/*)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(VENV)/.dev: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info

-include kernel.mk
