# `make demo` and `make test` set everything up in .venv and are instant when nothing changed.
PYTHON ?= python3
BIN = .venv/bin
READY = .venv/.ready

.PHONY: demo test examples benchmarks clean

demo: $(READY)
	$(BIN)/outcrop demo --out demo-run

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal

examples: $(READY)
	$(BIN)/python examples/reproduce.py

benchmarks: $(READY)
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/python benchmarks/train_mlp_unet.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv demo-run
