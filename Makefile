# Everything runs in .venv, which is made on first use. Only Python 3.11+ and make are needed.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed

.PHONY: demo test test-cluster fmt bench clean

demo: $(READY)  ## Simulate a biopsy slide and read it
	$(BIN)/histo phantom demo/phantom.tif --pattern necrotizing --seed 7 --mm2 16
	$(BIN)/histo read demo/phantom.tif --out demo

test: $(READY)  ## Every check that a change must pass
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile
	$(BIN)/pytest --nbmake --nbmake-timeout=600 notebooks

test-cluster: $(READY)  ## Slow checks of `histo cohort`: faults of disks and slides, a true Slurm, a true Ray
	$(BIN)/pip install --disable-pip-version-check --quiet -c constraints.txt -e '.[dev,ray]'
	$(BIN)/pytest -m cluster -v -rs --timeout=3600 --junitxml=build/test-cluster.xml tests/cohort

fmt: $(READY)  ## Format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## Speed and memory on this machine
	$(BIN)/histo bench

clean:
	rm -rf .venv demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check --quiet -c constraints.txt -e '.[dev]'
	touch $@
