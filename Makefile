# Every target makes its own virtual environment first and installs what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-all check docs bench clean

demo: $(VENV)/.train          ## train on the bundled songs for a minute and write a song
	$(BIN)/lyricist demo

test: $(VENV)/.dev            ## the core suite: Python only
	$(BIN)/python -m pytest -m "not full"

test-all: $(VENV)/.keras      ## what needs minutes, or more than Python
	.ci/system
	$(BIN)/python -m pytest -m full

check: $(VENV)/.dev           ## style, types, one-way imports, the public surface, the documentation
	$(BIN)/ruff check src tests benchmarks scripts
	$(BIN)/ruff format --check src tests benchmarks scripts
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_public_surface.py
	$(MAKE) docs

docs: $(VENV)/.dev            ## build the documentation into build/site; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

bench:                        ## list the benchmarks
	@for f in $$(grep -l '^if __name__' benchmarks/*.py benchmarks/*/*.py); do sed -n "1s|^\"\"\"|$$f: |p" $$f; done

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.train: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[train]"
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[dev]"
	touch $@ $(VENV)/.train

$(VENV)/.keras: pyproject.toml $(VENV)/.dev
	$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[keras]"
	touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
