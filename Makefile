# `make demo` and `make test` set up everything they need; a second run starts at once.
# `clean` keeps the demo's data (.ioc) and the downloads that clones share (~/.cache/ioc).

MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
DONE := $(VENV)/done
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
JOBS := 2
CODE := ioc streams dashboards tests
BENCHES := "ingest --events 300000 --backlog 5000000 --usage-backlog 2000000" "latency --seconds 60" screens \
  "screens --stalled 50" "screens --reconnect" signs
LONG_BENCHES := "soak --page wall" "soak --page sign" history
benches = failed=0; for what in $(1); do echo "ioc bench $$what"; $(BIN)/ioc bench $$what --check || failed=1; done; exit $$failed

.PHONY: help demo test lint unit bench bench-long drill clean
.SILENT:

help:
	echo "make demo    everything on this machine, at http://127.0.0.1:8050 (ARGS='--port 9000 --input both')"
	echo "make test    lint, types, import rules and every test"
	echo "make lint    the checks without the tests"
	echo "make unit    the tests without servers, in seconds"
	echo "make bench   the project's own measurements; fails where one misses its promise (half an hour, on a calm machine)"
	echo "make bench-long  those that take hours: soak and history"
	echo "make drill   kills ingest, PostgreSQL and Kafka a hundred times each under load (ARGS='--kills 5 broker')"
	echo "make clean   removes the environment and every cache of this clone"

demo: $(DONE)/kafka
	exec $(BIN)/ioc demo $(ARGS)

test: $(DONE)/browser
	failed=0; $(MAKE) lint || failed=1; $(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS) || failed=1; exit $$failed

lint: $(DONE)/dev
	$(BIN)/ruff check --quiet $(CODE)
	$(BIN)/ruff format --quiet --check $(CODE)
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-logo

unit: $(DONE)/dev
	$(BIN)/python -m pytest tests/unit $(ARGS)

bench: $(DONE)/browser
	$(call benches,$(BENCHES))

bench-long: $(DONE)/browser
	$(call benches,$(LONG_BENCHES))

drill: $(DONE)/browser
	exec $(BIN)/python -m tests.drill $(ARGS)

clean:
	rm -rf $(VENV) build dist artifacts .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

$(DONE)/venv:
	python=; for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$p; break; fi; done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed and none was found; install it first" >&2; exit 1; fi; \
	if ! $$python -c 'import ensurepip' 2>/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing python3-venv with apt-get …"; apt-get -qq update && \
	  DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends python3-venv >/dev/null; fi; \
	$$python -m venv $(VENV) || { echo "$$python cannot make a virtual environment; install python3-venv" >&2; exit 1; }
	mkdir -p $(DONE) && touch $@

$(DONE)/demo: $(DONE)/venv pyproject.toml
	echo "installing the Python packages …"
	$(PIP) --editable '.[demo]'
	touch $@

$(DONE)/dev: $(DONE)/venv pyproject.toml
	echo "installing the Python packages of the demo and of the tests …"
	$(PIP) --editable '.[demo,dev]'
	touch $(DONE)/demo $@

# These two never fail, and look again the next time where something is missing: `ioc demo` and the tests say what they lack.
$(DONE)/kafka: $(DONE)/demo streams/embedded/kafka-pom.xml
	if $(BIN)/python -m streams.embedded.prepare; then touch $@; fi

$(DONE)/browser: $(DONE)/dev streams/embedded/kafka-pom.xml
	if $(BIN)/python -m streams.embedded.prepare --browser; then touch $@; fi
