# Every target prepares what it needs; `make help` lists them.
PYTHON := .venv/bin/python
# A file stays with one worker, so that what its tests share is started once; each worker has a stack of its own.
WORKERS := 2
# What Python compiles, and what pytest makes of assertions, is kept from run to run also where it is told to keep nothing.
export PYTHONDONTWRITEBYTECODE :=
.PHONY: help setup demo unit contract e2e test requirements soak up down logs bench severity lint clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' Makefile | expand -t 10

setup: ## install everything into .venv and .stack (only what is not there yet)
	@bash deploy/setup.sh

demo: setup ## play every story of every policy, and see the way of each case
	@.venv/bin/redress play

unit: setup ## tests that need no server: units and the fakes' half of every contract; under a minute
	@$(PYTHON) -m pytest tests/unit tests/contract -m "not real and not whole and not hypothesis" -n 2 --durations=5

contract: setup ## adapters and the stack: each contract for the fake and for the real thing
	@$(PYTHON) -m pytest tests/contract --durations=5

e2e: setup ## services on Kafka and the store, with kills and outages, and every story once
	@$(PYTHON) -m pytest tests/e2e --durations=5

test: lint ## lint, then every test, with the slowest named
	@$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --verbose --durations=10

requirements: setup ## which requirements the tests show; MUTATE=20 breaks what so many marks die with, SEED= repeats a draw
	@$(PYTHON) -m tests.requirements $(if $(MUTATE),--mutate $(MUTATE)) $(if $(SEED),--seed $(SEED))

soak: setup ## an hour or two beside busy processes: the suite three times, campaigns, the stories; PART=demo runs one
	@$(PYTHON) -m tests.campaigns $(PART)

up: setup ## start Kafka, the store and all services in the background on fixed ports; data stays in .up
	@.venv/bin/redress up

down: setup ## stop what `make up` started
	@.venv/bin/redress down

logs: setup ## follow the services of `make up`, a line for each event; Ctrl-C ends it
	@.venv/bin/redress logs

bench: setup ## seven rounds of throughput and latency into build/bench.json; AGAINST=commit, ONLY=b,c, STORE=file
	@.venv/bin/redress bench $(if $(AGAINST),--against $(AGAINST)) $(if $(ONLY),--only $(ONLY)) $(if $(STORE),--store $(STORE))

severity: setup ## how often labelled complaints are judged rightly, with curves in build/severity; DATA="a.jsonl b.jsonl"
	@.venv/bin/redress severity measure --draw build/severity $(DATA)

lint: setup ## style, types and import contracts
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

clean: ## remove everything that can be made again; data of `make up` stays
	rm -rf .venv .stack build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
