# make models: set-up and the whole job. make test: set-up and the tests. make help lists the rest.
PYTHON  ?= python3
SAMPLES ?= 10000
EPOCHS  ?= 100
DEVICE  ?= auto
SEED    ?= 0
DATA    ?= data
MODELS  ?= models
LOGS    ?= logs
RECIPE  ?= shippable
DEST    ?= ../resources/models

# The active virtual environment if there is one, else .venv, made once.
ifdef VIRTUAL_ENV
VENV := $(VIRTUAL_ENV)
else
VENV := .venv
endif
BIN := $(VENV)/bin
PIP := "$(BIN)/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt $(PIP_ARGS)

# What is installed is remembered per folder, in case two checkouts share an environment.
HERE  := $(shell printf '%s' '$(CURDIR)' | cksum | cut -d' ' -f1)
TRAIN := $(VENV)/.midikompanion-$(HERE)-train
DEV   := $(VENV)/.midikompanion-$(HERE)-dev
PACKAGING := setup.py settings.ini pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help models weights benchmarks test lab tensorboard docs env prepare readme generated install-plugin clean clean-all

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-15s %s\n", $$1, $$2}'
	@echo 'Settings: SAMPLES=$(SAMPLES) EPOCHS=$(EPOCHS) DEVICE=$(DEVICE) SEED=$(SEED) DATA=$(DATA) MODELS=$(MODELS) LOGS=$(LOGS) INPUT=your-folder RECIPE=$(RECIPE)'
	@echo 'Examples: make models SAMPLES=500 EPOCHS=5    make models INPUT=my_music DEVICE=cuda    make models RESUME=1    make test ONLY=docs'

models: $(TRAIN) ## five trained networks, ONNX files and a report in models/
	"$(BIN)/prepare_datasets" $(if $(INPUT),--input "$(INPUT)") --output "$(DATA)" --num-samples $(SAMPLES) --seed $(SEED)
	"$(BIN)/train_all_models" --data "$(DATA)" --epochs $(EPOCHS) --batch-size 32 --learning-rate 0.001 --num-samples $(SAMPLES) \
	  --output-dir "$(MODELS)" --device $(DEVICE) --logdir "$(LOGS)" --seed $(SEED) $(if $(RESUME),--resume)
	"$(BIN)/export_to_onnx" --input "$(MODELS)" --output "$(MODELS)"
	"$(BIN)/validate_models" --models-dir "$(MODELS)"

weights: $(TRAIN) ## the weights that come with the package, from scratch (needs MIDIKOMPANION_DATA, or CORPORA="pop909=DIR gmd=DIR")
	"$(BIN)/prepare_datasets" --recipe $(RECIPE) --output "$(DATA)/$(RECIPE)" $(foreach c,$(CORPORA),--corpus "$(c)") $(if $(LIMIT),--limit $(LIMIT))
	"$(BIN)/train_all_models" --data "$(DATA)/$(RECIPE)" --output-dir "$(MODELS)/$(RECIPE)" --logdir "$(LOGS)/$(RECIPE)" --device cpu --epochs $(EPOCHS)
	"$(BIN)/export_to_onnx" --input "$(MODELS)/$(RECIPE)" --output "$(MODELS)/$(RECIPE)"
	"$(BIN)/validate_models" --models-dir "$(MODELS)/$(RECIPE)"
	$(if $(filter shippable,$(RECIPE)),"$(BIN)/python" tools/bundle.py "$(MODELS)/$(RECIPE)")

benchmarks: $(DEV) ## every figure of quality, with intervals, beside trivial answers (needs MIDIKOMPANION_DATA)
	"$(BIN)/benchmark_models" --output nbs/explanations/benchmarks.json --cache "$(DATA)/benchmarks" $(ARGS)

test: $(DEV) ## every check: notebooks, library, tutorials, docs, packaging
	@"$(BIN)/python" tools/test.py $(ONLY)

lab: $(DEV) ## JupyterLab on the notebooks
	"$(BIN)/jupyter" lab --notebook-dir . $(ARGS)

tensorboard: $(TRAIN) ## loss curves at http://localhost:6006
	"$(BIN)/tensorboard" --logdir "$(LOGS)" --port 6006 $(ARGS)

docs: $(DEV) ## the documentation site in _docs/ (needs Quarto)
	@command -v quarto >/dev/null || { echo 'Quarto is missing: https://quarto.org/docs/get-started/ (without it, make test ONLY=docs checks the pages)'; exit 1; }
	cmp -s _quarto.yml nbs/_quarto.yml || cp _quarto.yml nbs/_quarto.yml # where git could not make the link
	touch README.md # ours (make readme), not the one that nbdev would make
	"$(BIN)/python" tools/play_assets.py # the page that plays: models and ONNX Runtime Web
	PATH="$(abspath $(BIN)):$$PATH" nbdev_docs --n_workers 0

env: $(TRAIN) ## only the environment

prepare: $(DEV) readme ## before a commit: library and README from the notebooks, notebooks cleaned, code checked
	"$(BIN)/nbdev_export"
	"$(BIN)/python" tools/generated.py
	"$(BIN)/nbdev_clean"
	"$(BIN)/ruff" check

readme: $(DEV) ## README.md from nbs/index.ipynb
	"$(BIN)/python" tools/readme.py

generated: $(DEV) ## what is written from the contract for C++ and JavaScript
	"$(BIN)/python" tools/generated.py

FILES := $(notdir $(wildcard midikompanion_ml/weights/*.onnx))
install-plugin: ## the six models and thesaurus.json to DEST, where the plugin looks: those in MODELS if all are there, else the bundled ones
	@from="$(MODELS)"; for f in $(FILES); do [ -f "$$from/$$f" ] || { echo "no $$from/$$f: the bundled models are taken"; from=midikompanion_ml/weights; break; }; done; \
	  mkdir -p "$(DEST)" && for f in $(FILES); do cp "$$from/$$f" "$(DEST)/" || exit 1; done && cp plugin/thesaurus.json "$(DEST)/" && \
	  echo "copied $(words $(FILES)) models from $$from, and thesaurus.json, to $(DEST)"

clean: ## remove what was built; data, models and logs stay
	rm -rf _proc _docs build dist .ruff_cache nbs/nbdev.yml nbs/play/models nbs/play/vendor screenshots
	find midikompanion_ml nbs tools -name __pycache__ -prune -exec rm -rf {} +

clean-all: clean ## remove data, models, logs and .venv too
	rm -rf data models logs .venv

$(BIN)/python:
	$(PYTHON) -m venv "$(VENV)"

$(TRAIN): $(PACKAGING) | $(BIN)/python
	@echo 'Installing into $(VENV) (once)...'
	@$(PIP) -e '.[train]'
	@touch "$@"

$(DEV): $(PACKAGING) | $(BIN)/python
	@echo 'Installing into $(VENV), with the tools for development (once)...'
	@$(PIP) -e '.[dev]'
	@touch "$@" "$(TRAIN)"
