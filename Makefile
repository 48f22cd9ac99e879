PYTHON  ?= python3.11
PROFILE ?= quick
DATA    ?= phantom
LAMBDAS ?= 0.5 3 5 7 10
SEEDS   ?= 0
CORES   ?= 2
PORT    ?= 8000
STOP_AFTER ?=

BIN   := .venv/bin
READY := .venv/ready
SNAKEMAKE := $(BIN)/python tools/only_one.py .snakemake/only-one $(BIN)/snakemake --nolock --quiet rules --rerun-incomplete --rerun-triggers mtime params input

.DEFAULT_GOAL := help
.PHONY: help book sweep serve pdf test faults lab notebooks lint lock audit clean

help:  ## list these commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
	@echo 'variables   PROFILE=quick|paper  DATA=phantom|busi|FOLDER  LAMBDAS="0.5 3 5 7 10"  SEEDS="0"  CORES=2  PORT=8000  STOP_AFTER=25min'

# What is pinned comes by hash; the last line adds torch, pinned too, in the build that pip finds right for this machine.
$(READY): requirements-hashes.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-deps --require-hashes --requirement requirements-hashes.txt
	$(BIN)/pip install --quiet --no-build-isolation --editable '.[cpu,book,test]'
	touch $@

SETTINGS = --cores $(CORES) --config profile="$(PROFILE)" data="$(DATA)" lambdas="$(LAMBDAS)" seeds="$(SEEDS)" stop_after="$(STOP_AFTER)"

book: $(READY)  ## set up, run what is missing of the report, build the book, print its first page
	@$(SNAKEMAKE) --keep-going $(SETTINGS)
	@echo "book: $(CURDIR)/build/_build/html/index.html"

sweep: $(READY)  ## train and evaluate the settings that SWEEP lists, e.g. SWEEP=sweeps/weights.yaml DATA=… BACKBONE=…
	@$(SNAKEMAKE) --keep-going sweep $(SETTINGS) sweep="$(SWEEP)" backbone="$(BACKBONE)"

serve:  ## show the built book at http://127.0.0.1:8000, or another PORT, until Ctrl-C
	@test -f build/_build/html/index.html || { echo "there is no book in build/ yet: run make book first"; exit 1; }
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory build/_build/html

pdf: $(READY)  ## print the built book into build/report.pdf, by Chromium
	@$(BIN)/python tools/pdf.py build/_build/html build/report.pdf

test: $(READY)  ## set up, run every test
	@tools/install_chromium.sh
	$(BIN)/ruff check .
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q --numprocesses $(CORES) --dist loadfile

faults: $(READY)  ## kill, fill up, damage and starve everything on purpose; writes results/faults.json
	$(BIN)/python -m faults

lab: $(READY)  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

notebooks: $(READY)  ## write notebooks/*.ipynb from their .py sources
	$(BIN)/python tools/derive_notebooks.py

lint: $(READY)  ## check and format
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lock: $(READY)  ## write requirements-hashes.txt and LICENSES.md from requirements.txt
	$(BIN)/python tools/lock.py

audit: $(READY)  ## ask OSV for known vulnerabilities of what is installed; fails where there are any or it can't be asked
	$(BIN)/python tools/audit_dependencies.py

clean:  ## remove the book, not the runs
	rm -rf build
