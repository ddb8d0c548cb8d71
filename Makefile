# `make demo` and `make test` set everything up in .venv and are instant when nothing changed.
PYTHON ?= python3
BIN = .venv/bin
READY = .venv/.ready

.PHONY: demo test docs examples benchmarks clean

demo: $(READY)
	$(BIN)/outcrop demo --out demo-run

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "Open site/index.html, or search too: $(BIN)/python -m http.server --directory site"

examples: $(READY)
	$(BIN)/python examples/reproduce.py

benchmarks: $(READY)
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/python benchmarks/train_families.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv demo-run site
