PYTHON  ?=
PROFILE ?= quick
DATA    ?= phantom
LAMBDAS ?=
SEEDS   ?= 0
RUNS    ?= two
CORES   ?= 2
PORT    ?= 8000
STOP_AFTER ?=
LOSS    ?= wgan-gp
LAM     ?= 5
SEED    ?= 0
OUT     ?= out.ipynb

BIN   := .venv/bin
READY := .venv/ready
SNAKEMAKE := $(BIN)/python tools/only_one.py .snakemake/only-one $(BIN)/snakemake --snakefile workflow/Snakefile --nolock --quiet rules --rerun-incomplete --rerun-triggers mtime params input

.DEFAULT_GOAL := help
.PHONY: help pairs book sweep run serve pdf test faults lab notebooks lint lock audit clean

help:  ## list these commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
	@echo 'variables   PROFILE=quick|paper  DATA=phantom|busi|FOLDER  LAMBDAS=0.5,3,5  SEEDS=0-2  RUNS=two|all|kept'
	@echo '            CORES=2  PORT=8000  STOP_AFTER=25min  PYTHON=python3.12; of make run: LOSS=bce  LAM=3  SEED=0  OUT=out.ipynb'

# What is locked comes by hash; the last line adds torch, locked too, in the build that pip finds right for this machine.
# radiomics is compiled each time: a wheel that pip keeps from elsewhere would hide what compiling lacks.
$(READY): requirements/hashes.txt requirements/radiomics.txt requirements/requirements.txt pyproject.toml
	@python=$$(tools/find_python.sh $(PYTHON)) && "$$python" -m venv .venv
	$(BIN)/pip install -qq --no-deps --require-hashes --requirement requirements/hashes.txt
	@$(BIN)/pip install --quiet --no-cache-dir --no-deps --no-build-isolation --require-hashes --requirement requirements/radiomics.txt || \
		echo "radiomics could not be compiled, most often because there is no C compiler: the Fréchet radiomics distance will be left out"
	$(BIN)/pip install --quiet --no-build-isolation --constraint requirements/requirements.txt --editable '.[cpu,book,test]'
	touch $@

SETTINGS = --cores $(CORES) --config profile="$(PROFILE)" data="$(DATA)" lambdas="$(LAMBDAS)" seeds="$(SEEDS)" runs="$(RUNS)" stop_after="$(STOP_AFTER)"

# What a reader edited last, the .ipynb or its .py, is what runs.
pairs: $(READY)
	@$(BIN)/python tools/derive_notebooks.py --keep-outputs

book: $(READY) pairs  ## set up, run what is missing of the report, build the book, print its first page
	@$(SNAKEMAKE) --keep-going $(SETTINGS)
	@echo "book: $(CURDIR)/build/_build/html/index.html"

sweep: $(READY) pairs  ## train and evaluate the settings that SWEEP lists, e.g. SWEEP=workflow/sweeps/weights.yaml DATA=… BACKBONE=…
	@test -f "$(SWEEP)" || { echo "SWEEP must name a file, such as workflow/sweeps/weights.yaml, got '$(SWEEP)'"; exit 1; }
	@$(SNAKEMAKE) --keep-going sweep $(SETTINGS) sweep="$(SWEEP)" backbone="$(BACKBONE)"

run: $(READY) pairs  ## train one run, e.g. LOSS=bce LAM=3; the executed notebook is OUT
	$(BIN)/python tools/execute.py notebooks/train.ipynb "$(OUT)" -r loss "$(LOSS)" -p lam "$(LAM)" -p seed "$(SEED)" -r profile "$(PROFILE)" -r data "$(DATA)" $(if $(STOP_AFTER),-r stop_after "$(STOP_AFTER)")

serve:  ## show the built book at http://127.0.0.1:8000, or another PORT, until Ctrl-C
	@test -f build/_build/html/index.html || { echo "there is no book in build/ yet: run make book first"; exit 1; }
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory build/_build/html

pdf: $(READY)  ## print the built book into build/report.pdf, by Chromium
	@$(BIN)/python tools/pdf.py build/_build/html build/report.pdf

test: $(READY)  ## set up, run every test
	@tools/install_chromium.sh
	$(BIN)/ruff check .
	PYTHONUTF8=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q --numprocesses $(CORES) --dist loadfile --no-loadscope-reorder

faults: $(READY)  ## kill, fill up, damage and starve everything on purpose; writes results/faults.json
	PYTHONPATH=tests $(BIN)/python -m faults

lab: $(READY)  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

notebooks: $(READY)  ## bring each pair of .ipynb and .py up to date with the one that was edited; outputs are taken out
	$(BIN)/python tools/derive_notebooks.py

lint: $(READY)  ## check and format
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lock: $(READY)  ## write the lock in requirements/ from pyproject.toml; versions that still fit stay as they are
	$(BIN)/python tools/lock.py

audit: $(READY)  ## ask OSV for known vulnerabilities of what is installed; fails where there are any or it can't be asked
	$(BIN)/python tools/audit_dependencies.py

clean:  ## remove the book, not the runs
	rm -rf build
