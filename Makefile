# Everything a contributor needs. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CARGO := $(shell command -v cargo 2>/dev/null)
# Named after cargo's presence: the install is made anew when cargo comes or goes.
STAMP := $(VENV)/.installed-$(if $(CARGO),with,without)-cargo
SOURCES := pyproject.toml packaging/build_backend.py Makefile $(shell find rust Cargo.toml Cargo.lock -name '*.rs' -o -name 'Cargo.*')

.DEFAULT_GOAL := help
.PHONY: help demo e2e test test-rust test-python lint format types bench bench-report bench-engine bench-peers bench-server instructions-check instructions-record docs fuzz wheels reproducible matrix prerelease third-party licenses trust clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

# Installed anew when a source of the compiled module changes; Python sources are used in place.
$(STAMP): $(SOURCES)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@rm -f $(VENV)/.installed*
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@$(BIN)/python -c 'import flask_cors_rs; print("flask-cors-rs", flask_cors_rs.__version__, "with the", flask_cors_rs.BACKEND, "engine")'
	@touch $@

demo: $(STAMP) ## run the example API, send it cross-origin requests, measure what CORS adds
	@$(BIN)/python examples/demo.py

test: test-rust test-python ## test the engine in Rust, then everything on both engines

test-rust:
ifdef CARGO
	cargo test --workspace --locked
else
	@echo "cargo is not on the PATH: the tests of the Rust engine are left out"
endif

test-python: $(STAMP)
	$(BIN)/python -m pytest

e2e: $(STAMP) ## ask headless Chromium what it says to known misconfigurations (installs it, given apt-get)
	$(BIN)/python -m pip install --quiet --group e2e
	command -v chromium google-chrome >/dev/null || { apt-get update && apt-get install --yes chromium; }
	$(BIN)/python -m pytest tests/e2e.py

lint: $(STAMP) ## ruff, cargo fmt and clippy, warnings denied
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/zizmor --offline --quiet .github/workflows
ifdef CARGO
	cargo fmt --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
endif

format: $(STAMP) ## format the sources
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
ifdef CARGO
	cargo fmt
endif

types: $(STAMP) ## mypy and pyright, strict, and the stub against the compiled module
	$(BIN)/mypy
	$(BIN)/pyright
	@! $(BIN)/mypy --strict tests/typing/misuse.py > /dev/null || (echo "misuse.py passes mypy"; exit 1)
ifdef CARGO
	$(BIN)/python -m mypy.stubtest flask_cors_rs._rust
endif

BENCHMARKS := .benchmarks/latest.json

bench-engine: ## time the Rust engine alone
	cargo bench --locked --package cors-engine --bench criterion

bench-server: $(STAMP) ## load the application under gunicorn with each candidate (needs wrk)
	$(BIN)/python benches/server.py

bench-peers: $(STAMP) ## time the Rust engine beside CORS libraries of Go and Rust (needs Go)
	$(BIN)/python benches/peers/run.py

instructions-check: $(STAMP) ## fail if a decision of the Rust engine has become dearer (needs valgrind)
	$(BIN)/python benches/engine_instructions.py --check

instructions-record: $(STAMP) ## record what the decisions of the Rust engine cost (needs valgrind)
	$(BIN)/python benches/engine_instructions.py --record

bench: $(STAMP) ## measure what CORS adds to a request, Flask-CORS beside us, in one run (BENCH_REPEATS=5)
	@mkdir -p $(dir $(BENCHMARKS))
	$(BIN)/python -m pytest benches --benchmark-json=$(BENCHMARKS)
	$(BIN)/python benches/instructions.py $(BENCHMARKS)
	$(BIN)/python benches/scale.py $(BENCHMARKS)
	$(BIN)/python benches/hostile.py $(BENCHMARKS)
	$(BIN)/python benches/report.py $(BENCHMARKS)

bench-report: $(STAMP) ## write the README's tables and its picture from the last run of the benchmarks
	$(BIN)/python -m pip install --quiet --group chart
	$(BIN)/python benches/report.py --write $(BENCHMARKS)

docs: $(STAMP) ## make the generated parts of the documentation again
	$(BIN)/python docs/regular_expressions_report.py
	$(BIN)/python docs/audit_report.py

fuzz: $(STAMP) ## a long search for differences: from Flask-CORS, between the engines, between regular expressions
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest tests/test_regex_translation.py tests/test_engines_agree.py tests/test_hostile_requests.py tests/test_differential.py
ifdef CARGO
	PROPTEST_CASES=100000 cargo test --package cors-engine --release --locked
endif

# The same commit gives the same bytes.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 315532800)

wheels: $(STAMP) ## build the sdist, and the wheels that this machine can, and check them
	$(BIN)/python -m pip install --quiet --group wheels
	rm -rf dist
	$(BIN)/python -m build --sdist --outdir dist
	FLASK_CORS_RS_BUILD=pure $(BIN)/python -m build --wheel --outdir dist
ifdef CARGO
	PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/maturin build --release --locked --zig --compatibility manylinux2014 --out dist
	$(BIN)/abi3audit --strict dist/*-abi3-*.whl
	$(BIN)/auditwheel show dist/*-abi3-*.whl
endif
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/twine check --strict dist/*
	$(BIN)/python packaging/check_wheels.py dist

reproducible: wheels ## build everything again, from here and from the sdist, and compare the bytes
	rm -rf target/first target/again target/release && mkdir -p target/again && cp -r dist target/first
	tar -xzf target/first/*.tar.gz -C target/again --strip-components=1
	cd target/again && FLASK_CORS_RS_BUILD=pure $(CURDIR)/$(BIN)/python -m build --wheel --outdir dist
ifdef CARGO
	cd target/again && PATH=$(CURDIR)/$(BIN):$$PATH maturin build --release --locked --zig --compatibility manylinux2014 --out dist
endif
	cd target/again/dist && for file in *; do cmp $$file $(CURDIR)/target/first/$$file || exit 1; echo "from the sdist, the same: $$file"; done
	$(MAKE) wheels
	cd dist && for file in *; do cmp $$file ../target/first/$$file || exit 1; echo "again, the same: $$file"; done

matrix: wheels ## test every interpreter that is here, and every supported Flask
	$(BIN)/python -m pip install --quiet --group matrix virtualenv
	$(BIN)/nox -s forget interpreters flasks without_cargo table

prerelease: wheels ## test the newest pre-releases of Flask and Werkzeug, which may fail
	$(BIN)/python -m pip install --quiet --group matrix virtualenv
	-$(BIN)/nox -s prerelease

third-party: $(STAMP) ## run programs that import Flask-CORS on us, and compare
	$(BIN)/python -m pip install --quiet --group third-party
	$(BIN)/python -m pytest tests/third_party.py

licenses: ## collect the licences of the Rust crates again
	$(BIN)/python packaging/third_party_licenses.py

trust: $(STAMP) ## licences, duplicates and sources of the Rust crates (installs cargo-deny)
	$(BIN)/python packaging/third_party_licenses.py --check
	test -x $(BIN)/cargo-deny || cargo install --quiet --locked --root $(VENV) cargo-deny
	$(BIN)/cargo-deny --offline --all-features check licenses bans sources

clean: ## remove what was built
	rm -rf $(VENV) target dist python/flask_cors_rs/_rust*.so .pytest_cache .mypy_cache .ruff_cache .hypothesis
