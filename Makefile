# slaengine. `make demo` shows what it does, `make test` proves it. Needs Python 3.11+, git and make; everything else is fetched here.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
ARGS ?=

.PHONY: help demo test test-deep check bench mutate lock docs wheel clean

help:            ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 12

demo: .venv/base ## the main job on the shipped real sample
	@$(BIN)/slaengine demo --out out

test: .venv/dev  ## everything: unit, laws, real PostgreSQL, real Kafka, kills
	@tools/servers.sh
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -q -m "not deep" $(ARGS)

test-deep: .venv/dev ## the long forms of the properties and sweeps too
	@tools/servers.sh
	@SLAENGINE_DEEP=1 $(BIN)/python -m pytest -n 2 --dist loadgroup -q -m "deep or not deep" --timeout 3600 $(ARGS)

check: .venv/dev ## format, lint, types, import rules, docs
	@$(BIN)/ruff format --check src tests benchmarks tools
	@$(BIN)/ruff check src tests benchmarks tools
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python tools/docs.py --check

bench: .venv/bench ## the measurements, beside their peers
	@$(BIN)/python -m benchmarks $(ARGS)

mutate: .venv/mutate ## mutation testing of the policies: ARGS="--sample 800" or ARGS="kernel business"
	@$(BIN)/python tools/mutate.py $(ARGS)

docs: .venv/dev  ## write the generated pages of the docs anew
	@$(BIN)/python tools/docs.py

wheel: .venv/dev ## build the wheel into dist/
	@$(BIN)/python -m build --wheel --no-isolation

lock: .venv/dev  ## bring requirements/*.txt up to date
	@tools/lock.sh

clean:           ## remove what was made here, the environment too
	@rm -rf .venv dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/python:
	@test -n "$(PYTHON)" || { echo "slaengine needs Python 3.11 or later on the PATH"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "slaengine needs Python 3.11 or later; $(PYTHON) is older. Try: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "making the environment in .venv …"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/base: .venv/python requirements/base.txt pyproject.toml
	@tools/install.sh base
	@touch $@

.venv/dev: .venv/python requirements/dev.txt pyproject.toml
	@tools/install.sh dev
	@touch $@ .venv/base

.venv/bench: .venv/dev requirements/bench.txt
	@tools/install.sh bench
	@touch $@

.venv/mutate: .venv/dev requirements/mutate.txt
	@tools/install.sh mutate
	@touch $@
