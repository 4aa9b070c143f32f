# Thin names for cargo and npm commands. `make demo` and `make test` do their own set-up.
.DEFAULT_GOAL := help
.PHONY: help demo test gate bench explorer

NPM := $(shell command -v npm 2>/dev/null)

help: ## What there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo: explorer ## Try it: an invented company through the real connectors, served with an explorer
	cargo run --release -- demo

test: explorer ## Every test, browser included where Node.js is there
ifneq ($(NPM),)
	cd src/http/explorer && npm test
	cd tests/browser && npm ci --no-audit --no-fund
else
	@echo "npm not found: the browser tests are skipped"
endif
	cargo test --workspace

gate: test ## What continuous integration asks for
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps

bench: ## The figures that the issues ask for: records per CPU second, memory
	cargo bench

# Built once per change of its sources; without Node.js the page at / says how to get it.
explorer: ## The explorer, embedded by the next cargo build
ifneq ($(NPM),)
	@if [ ! -f src/http/explorer/dist/index.html ] || [ -n "$$(find src/http/explorer/src src/http/explorer/index.html src/http/explorer/package-lock.json src/http/explorer/vite.config.js -newer src/http/explorer/dist/index.html 2>/dev/null)" ]; then \
		cd src/http/explorer && npm ci --no-audit --no-fund && npm run build; \
	fi
else
	@echo "npm not found: the gateway is built without the explorer"
endif
