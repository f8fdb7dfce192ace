# Everything a person or a machine runs. Needs only make and Python 3.11 or newer.

PYTHON ?= python3
VENV ?= .venv
TOOLS ?= .tools
WORKERS ?= 2
ARGS ?=
BIN := $(VENV)/bin
INSTALL ?= $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help install demo test check style types contracts pages tools format docs bench card load results soak fuzz audit package lowest newest coverage mutants clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed. Name one: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(INSTALL) --editable '.[test,features]'
	@touch $@

$(VENV)/.installed-check: $(VENV)/.installed
	$(INSTALL) --editable '.[test,features,check,docs]'
	@touch $@

install: $(VENV)/.installed  ## make .venv and install s2c2 into it

demo: $(VENV)/.installed  ## train on synthetic images with and without S2C2, and write the report
	$(BIN)/s2c2 demo $(ARGS)

test: $(VENV)/.installed-test  ## unit, contract, property and golden tests, and doctests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: style types contracts pages  ## style, types, import contracts, documentation

style: $(VENV)/.installed-check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-check
	$(BIN)/mypy

contracts: $(VENV)/.installed-check
	$(BIN)/lint-imports

pages: $(VENV)/.installed-check
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

$(TOOLS)/.installed: constraints-tools.txt | $(VENV)/.installed-test
	$(INSTALL) --no-deps --upgrade --target $(TOOLS) --requirement constraints-tools.txt
	@touch $@

tools: $(TOOLS)/.installed  ## read exports with label-studio-sdk, crowd-kit, cleanlab and datasets, kept apart in .tools
	PYTHONPATH=$(TOOLS) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -o filterwarnings=default tests/data/logs/with_their_tools.py $(ARGS)

format: $(VENV)/.installed-check  ## put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed-check  ## build the documentation
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

bench: $(VENV)/.installed  ## steps, views, packs and predictions a second; ARGS=scale: up to a million images
	$(BIN)/s2c2 bench $(ARGS)

card: $(VENV)/.installed-test  ## what a graphics card computes is right, and how fast it is; needs one
	$(BIN)/python -m pytest tests/test_card.py $(ARGS)
	$(BIN)/s2c2 bench ceiling step --device cuda --batch 64 --rounds 5

load: $(VENV)/.installed  ## 20 annotators on the annotation server, and one in a browser, with 100,000 images
	$(BIN)/python -m bench annotate scroll cold

results: $(VENV)/.installed  ## train on CIFAR-10H and rebuild the records and the table
	$(BIN)/python results/cifar10h.py $(ARGS)

soak: $(VENV)/.installed  ## kill real processes a hundred times and compare with an undisturbed run
	OMP_NUM_THREADS=1 $(BIN)/python -m bench.soak $(ARGS)

fuzz: $(VENV)/.installed-test  ## fuzz the importers with atheris; ARGS=-runs=100000
	$(INSTALL) atheris
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz $(or $(ARGS),-runs=20000)

audit: $(VENV)/.installed  ## look the pinned versions up in the databases of known weaknesses; 1: one found, 2: none could be asked
	$(INSTALL) pip-audit
	$(BIN)/python -m bench.audit $(ARGS)

package: | $(BIN)/python  ## build wheel and sdist, install each into a clean environment, and run it
	PYTHON="$(BIN)/python" INSTALL_ARGS="$(INSTALL_ARGS)" bash bench/package.sh

lowest: | $(BIN)/python  ## test with the lowest versions that pyproject.toml allows
	PYTHON="$(BIN)/python" INSTALL_ARGS="$(INSTALL_ARGS)" bash bench/versions.sh lowest-direct

newest: | $(BIN)/python  ## test with the newest versions that pyproject.toml allows
	PYTHON="$(BIN)/python" INSTALL_ARGS="$(INSTALL_ARGS)" bash bench/versions.sh highest

# What is measured writes beside the full disk, and replaces os._exit by what cannot be sent to a process.
MEASURED := not full_disk_is_one_clear_line and not dies_stop_no_other and not is_told_to_stop
# What has to be covered to the last branch.
WHOLE := src/s2c2/losses.py,src/s2c2/objectives.py,src/s2c2/metrics/*,src/s2c2/algorithms/*

coverage: $(VENV)/.installed-test  ## branch coverage of all tests, and of the processes that they start
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-fail-under=95 \
	  --cov-report=term:skip-covered -k "$(MEASURED)" $(ARGS)
	$(BIN)/coverage report --include='$(WHOLE)' --fail-under=100

mutants: $(VENV)/.installed-test  ## change losses, objectives and metrics, and see whether a test notices
	$(INSTALL) mutmut
	OMP_NUM_THREADS=1 $(BIN)/mutmut run --max-children $(WORKERS) $(ARGS)
	$(BIN)/mutmut results
	PYTHON="$(BIN)/python" bash bench/mutants.sh

clean:  ## remove what was installed and built
	rm -rf $(VENV) $(TOOLS) docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
