.PHONY: run build test e2e sdk lint model simulate bench bench-scale bench-decision bench-management help

VENV := .venv
TOLLGATE_BIN ?= target/debug/tollgate
SDK_SUITE := --manifest-path e2e/sdk/Cargo.toml --target-dir target/sdk
LOAD_TOOLS := --manifest-path bench/load/Cargo.toml --target-dir target/load
# Options of a benchmark: `make bench BENCH="--rounds 2 --peers Tollgate,nginx"`.
BENCH ?=

help: ## Lists the targets.
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: ## Builds Tollgate and starts the demo.
	cargo build --release -p tollgate
	./target/release/tollgate demo

build: ## Builds the release binary.
	cargo build --release -p tollgate

test: ## Runs every test: Rust, the model checker, and the binary from outside.
	e2e/tools.sh
	cargo test --workspace --all-features
	cargo test --locked $(LOAD_TOOLS)
	$(MAKE) model
	$(MAKE) e2e
	$(MAKE) sdk

model: ## Model-checks the atomics of the limits with loom.
	RUSTFLAGS="--cfg loom" cargo test -p tollgate-domain --lib --target-dir target/loom

simulate: ## Runs SCHEDULES of faults (a million) against the protocol of leases and ledger.
	SCHEDULES=$(or $(SCHEDULES),1000000) cargo test --release -p tollgate-gateway --test simulation many -- --ignored

e2e: $(VENV)/installed ## Runs the binary against the AWS CLI, boto3 and misbehaving clients.
	cargo build -p tollgate
	TOLLGATE_BIN=$(TOLLGATE_BIN) $(VENV)/bin/python -m pytest e2e -q

sdk: ## Drives the binary with the AWS SDK for Rust, every operation.
	cargo build -p tollgate
	TOLLGATE_BIN=$(TOLLGATE_BIN) cargo test --locked $(SDK_SUITE)

bench: $(VENV)/installed build ## Measures the gateway beside nginx, HAProxy, nginx with Lua, Envoy and Traefik.
	bench/gateway/tools.sh $(VENV)
	cargo build --release --locked $(LOAD_TOOLS)
	$(VENV)/bin/python bench/gateway/run.py --out bench/results/gateway.md $(BENCH)

bench-scale: $(VENV)/installed build ## Measures start, memory, creation and import with a million keys.
	cargo build --release --locked $(LOAD_TOOLS)
	$(VENV)/bin/python bench/scale/run.py --out bench/results/scale.md $(BENCH)

bench-decision: ## Measures one decision with a million keys, and with all threads on one.
	python3 bench/decision/run.py --out bench/results/decision.md $(BENCH)

bench-management: $(VENV)/installed build ## Times every operation of the management API on a full node.
	TOLLGATE_BIN=target/release/tollgate $(VENV)/bin/python bench/management/run.py --rounds 100

$(VENV)/installed: e2e/requirements.txt
	e2e/tools.sh
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r e2e/requirements.txt
	touch $@

lint: ## Checks form, lints and docs.
	cargo fmt --all --check
	cargo fmt --manifest-path e2e/sdk/Cargo.toml --check
	cargo fmt --manifest-path bench/load/Cargo.toml --check
	cargo clippy --workspace --all-targets --all-features -- -D warnings
	cargo clippy --locked $(SDK_SUITE) --all-targets -- -D warnings
	cargo clippy --locked $(LOAD_TOOLS) --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
