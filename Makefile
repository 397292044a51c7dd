# Every chore of the project. `make` prints the targets.
.DEFAULT_GOAL := help
# The first of these that is new enough; PYTHON=... names another one.
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help setup run check test test-long golden bench lock clean

help: ## print the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(READY) ## prepare .venv from requirements.lock

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11 或更新 / Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "需要 venv 模块 / the module venv is needed: apt install python3-venv"; exit 1; }
	@echo "准备 .venv，约一两分钟 / preparing .venv, a minute or two"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

run: $(READY) ## run everything in one process, with demo data: http://127.0.0.1:8000
	@exec $(BIN)/xianjie run

check: $(READY) ## ruff, mypy --strict, import-linter, the profile, the procedures
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/xianjie profile check
	$(BIN)/xianjie procedure check

test: $(READY) ## the suite a newcomer runs (12 minutes at the most)
	$(BIN)/python -m pytest -m "not long"

test-long: $(READY) ## fault proofs and long journeys, with a printed seed (40 minutes at the most)
	$(BIN)/python -m pytest -m long

golden: $(READY) ## rewrite the generated documents
	$(BIN)/python -m tools.golden

bench: $(READY) ## measure, and write docs/benchmarks.md
	$(BIN)/python -m tests.bench

lock: $(READY) ## resolve requirements.lock anew
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --all-extras \
	  pyproject.toml -o requirements.lock --upgrade

clean: ## remove what can be made again; var/ with its data stays
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
