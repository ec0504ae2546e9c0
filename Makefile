# make env · report · test · check · notebooks · validate · lab · bench · bench-truth · bench-speed · bench-faults · bench-fuzz
# Everything runs in .venv, which is made once and again when the lock changes.

# The first Python of 3.11 or newer; another: make env PYTHON=python3.12
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; \
	done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/made-from-lock
# One worker per core does the numeric work: no thread pools inside each other.
QUIET_POOLS := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 POLARS_MAX_THREADS=2
PANGO := libpango-1.0-0 libpangoft2-1.0-0
NBVAL := --nbval --nbval-current-env
WORKERS := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: env report test check notebooks validate lab bench bench-truth bench-speed bench-faults bench-fuzz
.DEFAULT_GOAL := report

env: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "watwerkt needs Python 3.11 or newer, and '$(PYTHON)' is not." \
	       "Install one, or name it: make env PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { \
	  echo "'$(PYTHON) -m venv' failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the locked packages into $(VENV): once, a few minutes" >&2
	$(BIN)/python -m pip install -qq --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	$(BIN)/python -m ipykernel install --sys-prefix --name python3 --display-name watwerkt >/dev/null
	@$(BIN)/python -c 'import weasyprint' >/dev/null 2>&1 || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PANGO); \
	  } >/dev/null 2>&1 || \
	  echo "Without Pango reports have no PDF; on Debian: sudo apt-get install $(PANGO)" >&2
	@touch $@

report: env
	$(BIN)/watwerkt report GM9901

test: env
	$(QUIET_POOLS) $(BIN)/pytest $(NBVAL) $(WORKERS) tests notebooks

check: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest tests/test_notebooks.py tests/test_architecture.py tests/test_repository.py
	$(BIN)/python -m pip check

notebooks: env
	$(QUIET_POOLS) $(BIN)/python -m watwerkt.runtime.references

validate: env
	$(QUIET_POOLS) $(BIN)/pytest $(NBVAL) $(WORKERS) notebooks

lab: env
	$(BIN)/jupyter lab --notebook-dir=notebooks

# Prepare a city beside a bare Polars build of its panel; benchmarks/README.md says how to read it.
bench: env
	$(BIN)/python benchmarks/prepare/run.py

# Hold the designs to planted effects, and keep the tables; broken off, it goes on where it was.
bench-truth: env
	$(QUIET_POOLS) $(BIN)/python benchmarks/truth/replications.py --seeds 1500 --folder .truth --write

# Each estimator beside the obvious alternative.
bench-speed: env
	$(BIN)/python benchmarks/speed/run.py

# Break the real command at random moments, and write what was left into docs/reliability.md.
bench-faults: env
	$(QUIET_POOLS) $(BIN)/python benchmarks/faults/run.py --write

# Read a hundred thousand deliveries that are nearly right; benchmarks/README.md has the outcome.
bench-fuzz: env
	$(QUIET_POOLS) $(BIN)/python benchmarks/fuzz/run.py
