# Two commands are all that a newcomer needs: `make demo` and `make test`. Each sets up everything first.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench bench-line soak soak-crash world lock format clean

demo: $(VENV)/.ready
	$(BIN)/tafadi demo

test: $(VENV)/.ready
	$(BIN)/python -m pytest -m "not soak" --numprocesses auto --maxprocesses 4 --dist load

soak: $(VENV)/.ready
	$(BIN)/python -m pytest -m soak --timeout 7200

# One world of the simulation, told step by step: make world SEED=17.
world: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m simulation $(SEED)

# Nodes are killed at random moments, on from the count under .soak to the next thousand.
soak-crash: $(VENV)/.ready
	$(BIN)/python tests/soak/crash.py 1000

check: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

# What the line carries, and how long a record of it takes to open, prove and verify; beside the limits of this machine.
bench-line: $(VENV)/.ready
	$(BIN)/python bench/all_line.py

bench: $(VENV)/.bench
	OMP_WAIT_POLICY=passive $(BIN)/python bench/all.py

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Pins for every supported Python, with hashes and without addresses.
lock: $(VENV)/.ready
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	    --extra dev --quiet --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	    --constraint requirements.lock --quiet --output-file bench/requirements.lock bench/requirements.in
	$(BIN)/uv pip compile --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
	    --python-version 3.11 --quiet --output-file bench/peer-traffic/requirements.lock bench/peer-traffic/requirements.in

# The peers: from PyPI into the same environment, but for one that needs an older pandas, which gets its own; PostGIS from Debian where this
# machine lets us.
$(VENV)/.bench: $(VENV)/.ready bench/requirements.lock $(VENV)/peer-traffic/.ready
	$(BIN)/python -m pip install --quiet --require-hashes --requirement bench/requirements.lock
	bash bench/install-postgis
	@touch $@

$(VENV)/peer-traffic/.ready: bench/peer-traffic/requirements.lock
	$(PYTHON) -m venv $(VENV)/peer-traffic
	$(VENV)/peer-traffic/bin/python -m pip install --quiet --require-hashes --requirement bench/peer-traffic/requirements.lock
	@touch $@

$(VENV)/.ready: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or name another with make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || bash .ci/install-venv
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/tafadi warmup
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
