# Firedoor. "make" or "make help" lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# One set of flags for everything, so that packages compile once.
export CGO_ENABLED := 0
export GOFLAGS := -trimpath

SAMPLE := samples/plant.pcap.xz

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: build
build: bin/firedoor ## build the one static binary, bin/firedoor

bin/firedoor: $(shell find . -name '*.go' -not -name '*_test.go' -not -path './bin/*') go.mod go.sum
	@echo "building bin/firedoor (the first time takes a minute)"
	@go build -o $@ ./cmd/firedoor

.PHONY: demo
demo: build ## build everything and run the main job on the product's own sample capture
	@echo "bin/firedoor replay --learn 60% --out bin/demo $(SAMPLE)"
	@bin/firedoor replay --learn 60% --out bin/demo $(SAMPLE)
	@echo; echo "Details: bin/demo/assets.json, conversations.json, alerts.json, summary.json"

.PHONY: test
test: tools ## run all tests, installing what they need first
	@scripts/test

.PHONY: tools
tools: ## install the judge of the tests, tshark, where apt-get is at hand
	@scripts/tools test

.PHONY: lint
lint: ## run golangci-lint at its pinned version
	@scripts/lint

.PHONY: fuzz
fuzz: ## fuzz each parser for FUZZTIME (default 30s)
	@scripts/fuzz

.PHONY: bench
bench: build ## time firedoor beside Suricata and ndpiReader on the same files, in one run
	@scripts/tools bench && go run ./scripts/bench $(BENCHFLAGS)

.PHONY: golden
golden: ## rewrite captures and golden files after a wanted change; then read the difference
	go test ./internal/plant -run 'TestCaptures|TestSampleCommitted' -update
	go test ./internal/protocol/all -run TestContract -update
	go test ./internal/detect/all -update

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
