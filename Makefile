# The tasks of a contributor. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CARGO := $(shell command -v cargo 2>/dev/null)
# The name depends on cargo, so that the package is installed again when cargo is added or removed.
STAMP := $(VENV)/.installed-$(if $(CARGO),with,without)-cargo
SOURCES := pyproject.toml build_backend/build_backend.py Makefile $(shell find rust Cargo.toml Cargo.lock -name '*.rs' -o -name '*.ld' -o -name 'Cargo.*')

# pytest-benchmark warns that it measures nothing in several processes.
PARALLEL := -n auto --dist worksteal -p no:benchmark

.DEFAULT_GOAL := help
.PHONY: public-suffixes unicode-ranges function-order help demo e2e edge servers soak test test-rust test-python lint format types bench bench-report bench-engine bench-peers bench-server bench-edge bench-floors bench-observed bench-start start-check instructions-check instructions-record docs fuzz mutants wheels build-requirements reproducible matrix prerelease third-party licenses sbom trust clean

help: ## list these targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

# Installs the package again when a source of the compiled module changes. Python sources are used in place.
$(STAMP): $(SOURCES)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@rm -f $(VENV)/.installed*
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@$(BIN)/python -c 'import flask_cors_rs; print("flask-cors-rs", flask_cors_rs.__version__, "with the", flask_cors_rs.BACKEND, "engine")'
	@touch $@

demo: $(STAMP) ## run the example API, send it cross-origin requests, and measure what CORS adds
	@$(BIN)/python examples/demo.py

test: test-rust test-python ## test the Rust engine, then everything on both engines

test-rust:
ifdef CARGO
	cargo test --workspace --locked
else
	@echo "cargo is not on the PATH: the tests of the Rust crates are skipped"
endif

test-python: $(STAMP)
	$(BIN)/python -m pytest $(PARALLEL)

e2e: docs ## compare `flask cors check` and the playground with headless Chromium (installs it where apt-get is available)
	$(BIN)/python -m pip install --quiet --group e2e
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || { apt-get update && apt-get install --yes chromium; }
	$(BIN)/python -m pytest tests/e2e/chromium.py tests/e2e/playground.py

servers: $(STAMP) ## send the same requests to every WSGI server (uWSGI and mod_wsgi need a compiler for C)
	$(BIN)/python -m pip install --quiet --group servers
	command -v apxs >/dev/null || { apt-get update && apt-get install --yes --no-install-recommends apache2 apache2-dev; } || true
	-$(BIN)/python -m pip install --quiet uwsgi
	-$(BIN)/python -m pip install --quiet mod_wsgi
	$(BIN)/python -m pytest tests/servers/every_server.py

edge: $(STAMP) ## compare what each proxy decides with the application (installs them where apt-get is available)
	command -v apt-get >/dev/null && apt-get update && apt-get install --yes --no-install-recommends nginx haproxy caddy apache2 || true
	$(BIN)/python -m pytest tests/edge/every_proxy.py

soak: $(STAMP) ## send a million requests to each engine while the policies change (REQUESTS=1000000)
ifdef CARGO
	$(BIN)/python tests/soak/soak.py rust $(REQUESTS)
endif
	$(BIN)/python tests/soak/soak.py python $(REQUESTS)

lint: $(STAMP) ## run ruff, the import contracts, zizmor, cargo fmt and clippy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
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

types: $(STAMP) ## run mypy and pyright in strict mode, and compare the stub with the compiled module
	$(BIN)/mypy
	$(BIN)/pyright
	@! $(BIN)/mypy --strict tests/typing/misuse.py > /dev/null || (echo "mypy reports no error in misuse.py"; exit 1)
ifdef CARGO
	$(BIN)/python -m mypy.stubtest flask_cors_rs._rust
endif

BENCHMARKS := .benchmarks/latest.json
COLD_START := .benchmarks/cold-start.json
BENCH := PYTHONPATH=benches $(BIN)/python -m

bench-engine: ## time the Rust engine by itself
	cargo bench --locked --package cors-engine --bench criterion

bench-server: $(STAMP) ## load a gunicorn server with each candidate (needs wrk)
	$(BENCH) measure.server

bench-edge: $(STAMP) ## load preflights at gunicorn and at each installed proxy in front of it (needs wrk)
	$(BIN)/python -m pip install --quiet --group servers
	PYTHONPATH=benches:tests $(BIN)/python -m measure.edge

bench-peers: $(STAMP) ## time the Rust engine and CORS libraries for Go and Rust (needs Go)
	$(BIN)/python benches/peers/run.py

instructions-check: $(STAMP) ## fail if a decision of the Rust engine has become more expensive (needs valgrind)
	$(BIN)/python benches/engine/instructions.py --check

instructions-record: $(STAMP) ## record the cost of each decision of the Rust engine (needs valgrind)
	$(BIN)/python benches/engine/instructions.py --record

start-check: $(STAMP) ## fail if starting an application is more expensive than with Flask-CORS (needs valgrind)
	$(BENCH) measure.cold_start --check

bench-floors: $(STAMP) ## measure minimal prototypes: what CORS costs at least (needs valgrind)
	$(BENCH) measure.floors

bench-observed: $(STAMP) ## measure what report-only policies and receivers of signals add to a request (needs valgrind)
	$(BENCH) measure.observed

bench-start: $(STAMP) ## measure importing the package, and setting up policies (needs valgrind)
	@mkdir -p $(dir $(COLD_START))
	$(BENCH) measure.cold_start $(COLD_START)
	$(BENCH) report --cold-start $(COLD_START)

bench: $(STAMP) ## measure what this package and Flask-CORS add to a request, in one run (BENCH_REPEATS=5)
	@mkdir -p $(dir $(BENCHMARKS))
	$(BIN)/python -m pytest benches --benchmark-json=$(BENCHMARKS)
	$(BENCH) measure.instructions $(BENCHMARKS)
	$(BENCH) measure.scale $(BENCHMARKS)
	$(BENCH) measure.hostile $(BENCHMARKS)
	$(BENCH) measure.cold_start $(BENCHMARKS)
	$(BENCH) report $(BENCHMARKS)

bench-report: $(STAMP) ## write docs/benchmarks.md, its chart and the README's figures from the last `make bench`
	$(BIN)/python -m pip install --quiet --group chart
	$(BENCH) report --write $(BENCHMARKS)

docs: $(STAMP) ## regenerate the pages that are made from code, and build the site in docs/_build/html (needs npm)
	$(BIN)/python tools/document_regular_expressions.py
	$(BIN)/python tools/document_audit.py
	$(BIN)/python tools/document_misconfigurations.py
	$(BIN)/python tools/document_blocked.py
	$(BIN)/python tools/document_errors.py
	$(BIN)/python -m pip install --quiet --group docs
	$(BIN)/python tools/build_playground.py
	$(BIN)/sphinx-build --quiet --fail-on-warning --fresh-env docs docs/_build/html

unicode-ranges: $(STAMP) ## record what \d, \s and \w match in this Python and in the newest Unicode
	$(BIN)/python -m pip install --quiet --upgrade unicodedata2
	$(BIN)/python tools/refresh_unicode_ranges.py

function-order: $(STAMP) ## record which functions of the compiled module run first, for the linker (needs valgrind)
	$(BIN)/python tools/order_functions.py

public-suffixes: $(STAMP) ## bring the rules of the Public Suffix List up to date
	$(BIN)/python -m pip install --quiet --upgrade publicsuffixlist
	$(BIN)/python tools/refresh_public_suffixes.py

# The seconds that each target of the coverage-guided fuzzers runs.
SECONDS ?= 60
ENGINE_TARGETS := policies rules many_regexes vary layers
FOUND := target/fuzz/engine
FUZZ_ENGINE := PATH=$(CURDIR)/$(BIN):$$PATH cargo bolero test --package cors-fuzz --sanitizer NONE

fuzz: $(STAMP) ## search at length for differences from Flask-CORS, from `re`, and between the engines (SECONDS=60)
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest $(PARALLEL) tests/test_regex_translation.py tests/test_engines_agree.py tests/test_hostile_requests.py tests/test_differential.py
ifdef CARGO
	PROPTEST_CASES=100000 cargo test --package cors-engine --release --locked
	test -x $(BIN)/cargo-bolero || cargo install --quiet --locked --root $(VENV) cargo-bolero
	mkdir -p $(addprefix $(FOUND)/,$(ENGINE_TARGETS))
	$(foreach target,$(ENGINE_TARGETS),$(FUZZ_ENGINE) -T $(SECONDS)s --corpus-dir $(FOUND)/$(target) --engine-args=rust/fuzz/tests/__fuzz__/$(target)/corpus $(target) &&) true
	$(BIN)/python -m pip install --quiet --group fuzz
	! $(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python tests/fuzz/coverage_guided.py $(SECONDS)
endif

# The numbers of the mutants in each function of Python: '*' for all, '*7' for a tenth of them.
MUTANTS ?= *
MUTATED := target/mutants/tree

mutants: $(STAMP) ## change the sources in small ways, and list the changes that no test notices (MUTANTS='*')
	$(BIN)/python -m pip install --quiet --group mutants
	rm -rf target/mutants && mkdir -p $(MUTATED)
	git ls-files -z | xargs -0 cp --parents --target-directory $(MUTATED)
	mv $(MUTATED)/python $(MUTATED)/src
	-cd $(MUTATED) && CI=true HYPOTHESIS_PROFILE=few FLASK_CORS_RS_DIFFERENTIAL=30 $(CURDIR)/$(BIN)/mutmut run '$(MUTANTS)'
ifdef CARGO
	test -x $(BIN)/cargo-mutants || cargo install --quiet --locked --root $(VENV) cargo-mutants
	-PATH=$(CURDIR)/$(BIN):$$PATH FLASK_CORS_RS_PYTHON=$(CURDIR)/$(BIN)/python cargo mutants --workspace --exclude 'rust/fuzz/**' --test-workspace true --profile mutants --output target/mutants -- -- --include-ignored
endif
	$(BIN)/python tests/mutants/table.py target/mutants

# Two builds of one commit must give the same bytes.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 315532800)

wheels: $(STAMP) ## build and check the sdist and the wheels for this platform
	$(BIN)/python -m pip install --quiet --require-hashes --requirement build_backend/requirements.txt
	$(BIN)/python -m pip install --quiet --group wheels
	rm -rf dist
	$(BIN)/python -m build --no-isolation --sdist --outdir dist
	FLASK_CORS_RS_BUILD=pure $(BIN)/python -m build --no-isolation --wheel --outdir dist
ifdef CARGO
	PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/maturin build --release --locked --zig --compatibility manylinux2014 --out dist
	$(BIN)/abi3audit --strict dist/*-abi3-*.whl
	$(BIN)/auditwheel show dist/*-abi3-*.whl
endif
	$(BIN)/check-wheel-contents dist/*.whl
	$(BIN)/twine check --strict dist/*
	$(BIN)/python tools/check_wheels.py dist

build-requirements: $(STAMP) ## bring the versions and hashes of what builds a release up to date
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-header --group pyproject.toml:build --output-file build_backend/requirements.txt

reproducible: wheels ## build everything again, from the tree and from the sdist, and compare the bytes
	rm -rf target/first target/again target/release && mkdir -p target/again && cp -r dist target/first
	tar -xzf target/first/*.tar.gz -C target/again --strip-components=1
	cd target/again && FLASK_CORS_RS_BUILD=pure $(CURDIR)/$(BIN)/python -m build --no-isolation --wheel --outdir dist
ifdef CARGO
	cd target/again && PATH=$(CURDIR)/$(BIN):$$PATH maturin build --release --locked --zig --compatibility manylinux2014 --out dist
endif
	cd target/again/dist && for file in *; do cmp $$file $(CURDIR)/target/first/$$file || exit 1; echo "identical when built from the sdist: $$file"; done
	$(MAKE) wheels
	cd dist && for file in *; do cmp $$file ../target/first/$$file || exit 1; echo "identical when built again: $$file"; done

# The sessions of nox, with quotes around those that have parentheses, such as 'flasks(2.2)'.
SESSIONS ?= interpreters flasks without_cargo

matrix: wheels ## test every installed interpreter and every supported release of Flask (SESSIONS=interpreters-3.13)
	$(BIN)/python -m pip install --quiet --group matrix virtualenv
	$(BIN)/nox -s forget $(SESSIONS) table

prerelease: wheels ## test the newest pre-releases of Flask and Werkzeug; failures are allowed
	$(BIN)/python -m pip install --quiet --group matrix virtualenv
	-$(BIN)/nox -s prerelease

third-party: $(STAMP) ## run a program that imports Flask-CORS on this package, and compare the responses
	$(BIN)/python -m pip install --quiet --group third-party
	$(BIN)/python -m pytest tests/third_party/moto_server.py

licenses: ## collect the licences of the Rust crates
	$(BIN)/python tools/third_party_licenses.py

sbom: $(STAMP) ## list the components of a release as CycloneDX, for Python and for Rust (installs cargo-cyclonedx)
	$(BIN)/python -m pip install --quiet --group sbom
	cargo install --quiet --locked --root $(VENV) cargo-cyclonedx@0.5.9
	rm -rf target/sbom && $(PYTHON) -m venv --without-pip target/sbom/environment
	$(BIN)/python -m pip --python target/sbom/environment install --quiet .
	$(BIN)/cyclonedx-py environment target/sbom/environment --output-file target/sbom/python.cdx.json
	cd rust/python && PATH=$(CURDIR)/$(BIN):$$PATH cargo cyclonedx --quiet --format json --override-filename components
	rm rust/engine/components.json && mv rust/python/components.json target/sbom/rust.cdx.json

trust: $(STAMP) ## check licences, duplicates and sources of the Rust crates (installs cargo-deny)
	$(BIN)/python tools/third_party_licenses.py --check
	test -x $(BIN)/cargo-deny || cargo install --quiet --locked --root $(VENV) cargo-deny
	$(BIN)/cargo-deny --offline --all-features check licenses bans sources

clean: ## remove everything that was built
	rm -rf $(VENV) target dist python/flask_cors_rs/_rust*.so .nox .benchmarks docs/_build docs/playground/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
