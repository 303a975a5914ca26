# What a person runs. `make up` needs Node ≥ 20, npm and make; the other targets install what they need
# (Debian packages with sudo where not root, Python environments and tools under the cache folder).
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/loadline
PORT ?= 5000
NODE := node_modules/.bin/node
# npm scripts put the checkout's own Node 24 first on the PATH; recipes do the same.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help up ok test proof bench corpus clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

node_modules/.installed: package-lock.json
	@echo "installing npm packages …" >&2
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

up: node_modules/.installed ## serve the example model on http://127.0.0.1:5000
	@exec $(NODE) bin/loadline.js serve examples/house-price/model.pkl --port $(PORT)

ok: node_modules/.installed ## the gate without the slow tests: types, lint, layers, generated lists, unit tests, corpus
	@npm run --silent ok

test: node_modules/.installed ## install what the tests need and run them all, at reduced counts
	@tools/test-env.sh
	@npm run --silent types
	@npm run --silent lint
	@npm run --silent layers
	@npm run --silent generated
	@source "$(CACHE)/test-env" && npm run --silent test

proof: node_modules/.installed ## the same scenarios at full counts; writes docs/proofs/
	@tools/test-env.sh
	@source "$(CACHE)/test-env" && LOADLINE_PROOF=1 node tools/proof.ts

bench: node_modules/.installed ## measure side by side with Flask and FastAPI; writes docs/benchmarks*.md
	@tools/test-env.sh
	@tools/bench-env.sh
	@source "$(CACHE)/test-env" && source "$(CACHE)/bench-env" && \
	  { first=0; node bench/run.ts || first=$$?; node bench/versions.ts || exit $$?; exit $$first; }

corpus: ## fit the corpus again with every scikit-learn version (needs Python 3.8 to 3.13)
	@tools/corpus/make-envs.sh
	@tools/corpus/generate-all.sh

clean: ## remove what was installed and built in the checkout
	@rm -rf node_modules dist
