.PHONY: run build console test rust tools e2e deploy-tools sdk browser lint model miri tsan simulate torture hostile test-clock debug
.PHONY: bench bench-shared bench-scale bench-decision bench-management help

VENV := .venv
CONSOLE := console
DEPLOY_TOOLS := target/deploy-tools
TOLLGATE_BIN ?= target/debug/tollgate
TEST_CLOCK_BIN := target/debug/tollgate-test-clock
SDK_SUITE := --manifest-path e2e/sdk/Cargo.toml --target-dir target/sdk
LOAD_TOOLS := --manifest-path bench/load/Cargo.toml --target-dir target/load
# Options of a benchmark: `make bench BENCH="--rounds 2 --peers Tollgate,nginx"`.
BENCH ?=
# Files of end-to-end tests at once: much of what they do is wait for a process of a client to start.
AT_ONCE ?= 2

help: ## Lists the targets.
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: ## Builds Tollgate, with its console if Node.js is there, and starts the demo.
	@if command -v npm >/dev/null; then $(MAKE) console; else echo "without Node.js, the console is left out" >&2; fi
	cargo build --release -p tollgate
	./target/release/tollgate demo

build: ## Builds the release binary.
	cargo build --release -p tollgate

console: $(CONSOLE)/node_modules/.installed ## Builds the console's files, which the binary embeds.
	npm --prefix $(CONSOLE) run build

$(CONSOLE)/node_modules/.installed: $(CONSOLE)/package-lock.json
	npm --prefix $(CONSOLE) ci --no-audit --no-fund
	touch $@

test: ## Runs every test: Rust, the model checker, and the binary from outside.
	e2e/tools.sh
	$(MAKE) console
	npm --prefix $(CONSOLE) test
	cargo test --workspace --all-features --no-run
	# The longest of them uses one core, and the model checker builds in a folder of its own.
	$(MAKE) -j2 rust model
	$(MAKE) e2e
	# A browser waits for most of its time, in which the SDK is built.
	$(MAKE) -j2 sdk browser

rust: ## Runs the tests of Rust.
	cargo test --workspace --all-features
	cargo test --locked $(LOAD_TOOLS)

tools: $(VENV)/installed $(DEPLOY_TOOLS)/installed ## Installs what the end-to-end tests drive the binary with.

model: ## Model-checks the atomics of the limits with loom.
	RUSTFLAGS="--cfg loom" cargo test -p tollgate-domain --lib --target-dir target/loom

simulate: ## Runs SCHEDULES of faults (a million) against the protocol of leases and ledger.
	SCHEDULES=$(or $(SCHEDULES),1000000) cargo test --release -p tollgate-gateway --test simulation many -- --ignored

miri: ## Runs the atomics of the limits under Miri (nightly, with miri and rust-src).
	MIRIFLAGS=-Zmiri-disable-isolation PROPTEST_CASES=8 \
		cargo +nightly miri test -p tollgate-domain --lib --target-dir target/miri -- bucket:: portion:: stock:: lease:: meter:: tenancy:: claim::

tsan: ## Runs a crowd of threads on one counter under ThreadSanitizer (nightly, with rust-src).
	RUSTFLAGS=-Zsanitizer=thread cargo +nightly test -Zbuild-std -p tollgate-gateway --test crowd \
		--target x86_64-unknown-linux-gnu --target-dir target/tsan

# One build with the clock that tests set, then the one that is shipped, which has none. Both take dependencies with the
# features that tests need, as `cargo test` does, so that none is compiled twice.
test-clock:
	cargo build --workspace --all-features --bins --examples
	cp --remove-destination target/debug/tollgate $(TEST_CLOCK_BIN)
	$(MAKE) debug

debug:
	cargo build --workspace --bins --examples

torture: $(VENV)/installed test-clock ## Kills the binary KILLS times (100) under load, full disks, edits and midnights.
	TORTURE_KILLS=$(or $(KILLS),100) TOLLGATE_BIN=$(TOLLGATE_BIN) $(VENV)/bin/python -m pytest e2e/test_torture.py -q -s

hostile: $(VENV)/installed build ## Assaults a release build with a million unknown keys, churn, large heads and slow readers.
	HOSTILE_SCALE=$(or $(SCALE),50) TOLLGATE_BIN=target/release/tollgate \
		$(VENV)/bin/python -m pytest e2e/test_hostile_load.py -q -s

e2e: $(VENV)/installed $(DEPLOY_TOOLS)/installed test-clock ## Runs the binary against the AWS CLI, boto3, osls, CDK, SAM and misbehaving clients.
	TOLLGATE_BIN=$(TOLLGATE_BIN) $(VENV)/bin/python -m pytest e2e -q -n $(AT_ONCE) --dist loadfile

deploy-tools: $(DEPLOY_TOOLS)/installed ## Installs osls, Serverless 3, CDK and SAM, whose templates some tests deploy.

$(DEPLOY_TOOLS)/installed: e2e/deploy/package.json e2e/deploy/package-lock.json \
		$(DEPLOY_TOOLS)/serverless3/installed $(DEPLOY_TOOLS)/sam/installed
	mkdir -p $(DEPLOY_TOOLS)
	cp e2e/deploy/package.json e2e/deploy/package-lock.json $(DEPLOY_TOOLS)
	npm ci --prefix $(DEPLOY_TOOLS) --no-audit --no-fund --silent
	touch $@

$(DEPLOY_TOOLS)/serverless3/installed: e2e/deploy/serverless3/package.json e2e/deploy/serverless3/package-lock.json
	mkdir -p $(DEPLOY_TOOLS)/serverless3
	cp e2e/deploy/serverless3/package.json e2e/deploy/serverless3/package-lock.json $(DEPLOY_TOOLS)/serverless3
	npm ci --prefix $(DEPLOY_TOOLS)/serverless3 --no-audit --no-fund --silent --ignore-scripts
	touch $@

$(DEPLOY_TOOLS)/sam/installed: e2e/deploy/sam-requirements.txt
	python3 -m venv $(DEPLOY_TOOLS)/sam
	$(DEPLOY_TOOLS)/sam/bin/pip install --quiet --disable-pip-version-check -r e2e/deploy/sam-requirements.txt
	touch $@

sdk: debug ## Drives the binary with the AWS SDK for Rust, every operation.
	TOLLGATE_BIN=$(TOLLGATE_BIN) cargo test --locked $(SDK_SUITE)

browser: ## Drives the console of the binary in Chromium.
	e2e/tools.sh
	# One after the other, however many jobs there may be: the binary embeds what the console's build leaves.
	$(MAKE) console
	$(MAKE) debug
	TOLLGATE_BIN=$(abspath $(TOLLGATE_BIN)) npm --prefix $(CONSOLE) run test:browser

bench: $(VENV)/installed build ## Measures the gateway beside nginx, HAProxy, nginx with Lua, Envoy and Traefik.
	bench/gateway/tools.sh $(VENV)
	cargo build --release --locked $(LOAD_TOOLS)
	$(VENV)/bin/python bench/gateway/run.py --out bench/results/gateway.md $(BENCH)

bench-shared: $(VENV)/installed build ## Measures a node that shares PostgreSQL and Redis beside one by itself.
	bench/gateway/tools.sh $(VENV)
	cargo build --release --locked $(LOAD_TOOLS)
	$(VENV)/bin/python bench/shared/run.py --out bench/results/shared.md $(BENCH)

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

lint: $(CONSOLE)/node_modules/.installed ## Checks form, lints and docs.
	npm --prefix $(CONSOLE) run check
	cargo fmt --all --check
	cargo fmt --manifest-path e2e/sdk/Cargo.toml --check
	cargo fmt --manifest-path bench/load/Cargo.toml --check
	cargo clippy --workspace --all-targets --all-features -- -D warnings
	cargo clippy --locked $(SDK_SUITE) --all-targets -- -D warnings
	cargo clippy --locked $(LOAD_TOOLS) --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features
