PYTHON  ?= python3.11
PROFILE ?= quick
DATA    ?= phantom
LAMBDAS ?= 0.5 3 5 7 10
SEEDS   ?= 0
CORES   ?= 2
PORT    ?= 8000

BIN   := .venv/bin
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help book sweep serve test lab notebooks lint clean

help:  ## list these commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
	@echo 'variables   PROFILE=quick|paper  DATA=phantom|busi|FOLDER  LAMBDAS="0.5 3 5 7 10"  SEEDS="0"  CORES=2  PORT=8000'

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --requirement requirements.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

book: $(READY)  ## set up, run what is missing of the report, build the book, print its first page
	@$(BIN)/snakemake --cores $(CORES) --quiet rules --rerun-triggers mtime params input \
	  --config profile="$(PROFILE)" data="$(DATA)" lambdas="$(LAMBDAS)" seeds="$(SEEDS)"
	@echo "book: $(CURDIR)/build/_build/html/index.html"

sweep: $(READY)  ## train and evaluate the settings that SWEEP lists, e.g. SWEEP=sweeps/weights.yaml DATA=… BACKBONE=…
	@$(BIN)/snakemake sweep --cores $(CORES) --quiet rules --rerun-triggers mtime params input --keep-going \
	  --config profile="$(PROFILE)" data="$(DATA)" seeds="$(SEEDS)" sweep="$(SWEEP)" backbone="$(BACKBONE)"

serve:  ## show the built book at http://127.0.0.1:8000, or another PORT, until Ctrl-C
	@test -f build/_build/html/index.html || { echo "there is no book in build/ yet: run make book first"; exit 1; }
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory build/_build/html

test: $(READY)  ## set up, run every test
	$(BIN)/ruff check .
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q --numprocesses $(CORES)

lab: $(READY)  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

notebooks: $(READY)  ## write notebooks/*.ipynb from their .py sources
	$(BIN)/python tools/derive_notebooks.py

lint: $(READY)  ## check and format
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean:  ## remove the book, not the runs
	rm -rf build
