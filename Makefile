# Every target sets up its own private environment first; `make help` lists them.
PYTHON ?= python3
VENV := .venv
PY := OMP_NUM_THREADS=1 $(VENV)/bin/python
READY := $(VENV)/.ready
# `compat`: Python finds crtune also from a folder that holds another one of that name, e.g. this clone.
INSTALL := $(VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt \
	--config-settings editable_mode=compat -e

.PHONY: help setup posterior tuning mpi figures docs test test-all test-slurm lint format clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

setup: $(READY)  ## private environment with the pinned versions in .venv

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 14) else \
	f"crtune needs Python 3.11 to 3.13, but $(PYTHON) is {v.major}.{v.minor}; run make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv --clear $(VENV)
	$(INSTALL) '.[test]'
	@touch $@

posterior: setup  ## the main job: sample, summarise and draw runs/two_phase.toml
	@$(PY) scripts/run_mcmc.py runs/two_phase.toml; status=$$?; \
	case $$status in 0|3) ;; *) exit $$status;; esac; \
	$(PY) scripts/plot_corner.py runs/two_phase & corner=$$!; \
	$(PY) scripts/summarize.py runs/two_phase && $(PY) scripts/plot_spectra.py runs/two_phase; shown=$$?; \
	wait $$corner && test $$shown = 0 || exit 1; \
	exit $$status

PRIORS ?=

tuning: setup  ## the study of fine-tuning: some 75 minutes on two cores; goes on where it was interrupted
	@$(PY) scripts/fine_tuning.py --study $(if $(PRIORS),--priors $(PRIORS)); made=$$?; \
	case $$made in 0|3) ;; *) exit $$made;; esac; \
	$(PY) scripts/compare.py --study $(if $(PRIORS),--priors $(PRIORS)) \
	--output docs/tuning$(if $(PRIORS),/$(PRIORS)) && \
	$(PY) scripts/compare.py --rows docs/tuning/tuning.json \
	$$(ls docs/tuning/*/tuning.json 2>/dev/null | sed 's/^/--rows /') --page docs/fine_tuning.md || exit $$?; \
	exit $$made

mpi: setup  ## an MPI of one's own in .venv, for scripts/run_mcmc.py --mpi and its tests
	$(INSTALL) '.[mpi]'

figures: setup  ## the paper's figures, into docs/figures/
	$(PY) scripts/paper_figures.py

docs: setup  ## the documentation as a site in build/site; a dead link fails
	$(INSTALL) '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict  # --quiet would hide the warnings from --strict
	@echo "the site: $(VENV)/bin/python -m http.server --directory build/site"

test: setup  ## the tests that need nothing but this machine
	$(PY) -m pytest -n 2 --dist loadfile -rs -m 'not slow and not slurm'

test-all: setup  ## every test, the slow ones too
	$(PY) -m pytest -n 2 --dist loadfile -rs -m 'not slurm'

test-slurm: setup  ## a real Slurm of one node, started for its tests (root, Debian's packages)
	$(PY) -m pytest -rs tests/slurm

lint: setup  ## the linter and the formatter's check
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

format: setup  ## let the formatter and the linter mend what they can
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

clean:  ## remove the environment; runs and their chains stay
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis
