# make demo: scan a shipped sample.  make test: lint, types and all tests.
# make audit: known vulnerabilities of the pinned versions (asks the package index).
# Each makes its own environment; PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
SAMPLE ?= data/samples/civil-service-supervision.pdf

.PHONY: demo test audit clean

demo: .venv/installed
	mkdir -p demo
	.venv/bin/tenderlens scan $(SAMPLE) --output demo/report.html
	@echo "打开 open demo/report.html"

test: .venv/test-installed
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright --pythonpath .venv/bin/python
	.venv/bin/pytest

audit: .venv/bin/python
	.venv/bin/pip install --quiet pip-audit
	.venv/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The package is installed as a user would, not linked: so it is rebuilt when a file changes.
SOURCES := $(shell find classifier training data models -type f -not -name '*.pyc') cli.py pyproject.toml

.venv/installed: .venv/bin/python $(SOURCES) constraints.txt
	.venv/bin/pip install --quiet --constraint constraints.txt .
	touch $@

.venv/test-installed: .venv/bin/python $(SOURCES) constraints.txt
	.venv/bin/pip install --quiet --constraint constraints.txt '.[train,test]'
	touch $@

clean:
	rm -rf .venv demo runs
