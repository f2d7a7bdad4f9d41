# make tag PHOTOS=~/Pictures    set everything up, and tag a folder of photos
# make extras EXTRAS=bot,watch  add optional parts; README.md lists them
# make test                     set everything up, and run all tests
# make test-fast                those that are neither slow nor start the program: under a minute
# make check                    what CI runs: lint, types, wheel, image, tests

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
FOLDER = $(patsubst ~/%,$(HOME)/%,$(PHOTOS))
PYTEST = -m pytest --numprocesses auto --dist worksteal
GPU = $(shell nvidia-smi -L >/dev/null 2>&1 && echo ',gpu')

.PHONY: tag extras test test-fast lint types coverage wheel image container check hooks bench reproduce clean need-photos

# Status 3 means that some photos could not be read, which the command has explained: the run itself went well.
tag: need-photos $(VENV)/.core
	@$(BIN)/tagger tag "$(FOLDER)" || { status=$$?; test $$status = 3 || exit $$status; }
	@echo "Next: $(BIN)/tagger query · $(BIN)/tagger query --none · $(BIN)/tagger labels · $(BIN)/tagger --help"

extras: $(VENV)/.core
	@test -n "$(EXTRAS)" || { echo "Name the extras: make extras EXTRAS=bot,schedule,watch" >&2; exit 2; }
	$(BIN)/pip install --quiet --editable '.[$(EXTRAS)]'

need-photos:
	@test -n "$(PHOTOS)" || { echo "Name a folder of photos: make tag PHOTOS=~/Pictures" >&2; exit 2; }

test: $(VENV)/.dev
	$(BIN)/python $(PYTEST)

test-fast: $(VENV)/.dev
	$(BIN)/python $(PYTEST) -m "not slow and not process"

# Branch coverage of all tests, including the processes that they start.
coverage: $(VENV)/.dev
	$(BIN)/coverage run $(PYTEST)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

wheel: $(VENV)/.dev
	$(BIN)/python -m tests.project.check_wheel

# The steps of the container image, without a container engine.
image: $(VENV)/.dev
	$(BIN)/python -m tests.project.check_image

# The container image itself; as root, with buildah, podman, runc and debootstrap.
container: $(VENV)/.dev
	$(BIN)/python -m tests.project.build_image

check: lint types wheel image test

bench: need-photos $(VENV)/.core
	$(BIN)/tagger bench "$(FOLDER)"

# Needs the photos in $$LANDMARK_DATA; about two hours on two cores.
reproduce: $(VENV)/.dev
	$(BIN)/python -m training reproduce training/recipes/transfer.toml --first-look training/recipes/first_look.toml

# Lint and types before each commit.
hooks: $(VENV)/.dev
	git config core.hooksPath .githooks

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache .coverage*

# What most people need: phones write HEIC, and countries have many names. PyTorch is added only if there is an NVIDIA GPU.
$(VENV)/.core: pyproject.toml Makefile
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[countries,heif,xmp$(GPU)]'
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	$(BIN)/pip install --quiet --no-compile --editable '.[bot,countries,dev,embed,gpu,heif,jxl,parquet,plot,postgres,raw,ray,schedule,train,watch,web,xmp]'
	@touch $@
