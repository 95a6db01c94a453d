# Firedoor. "make" or "make help" lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# One set of flags for everything, so that packages compile once.
export CGO_ENABLED := 0
export GOFLAGS := -trimpath -pgo=$(CURDIR)/cmd/firedoor/default.pgo

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: build
build: bin/firedoor ## build the one static binary, bin/firedoor, with its console

bin/firedoor: web/dist/index.html $(shell find . -name '*.go' -not -name '*_test.go' -not -path './bin/*' -not -path './web/node_modules/*') go.mod go.sum
	@echo "building bin/firedoor (the first time takes two minutes)"
	@go build -o $@ ./cmd/firedoor

.PHONY: web
web: web/dist/index.html ## build the console's page, web/dist

web/dist/index.html: $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -print)
	@scripts/web

.PHONY: demo
demo: build ## build everything and show the console on the virtual factory
	@scripts/demo

.PHONY: test
test: tools web ## run all tests, installing what they need first
	@scripts/test

.PHONY: tools
tools: ## install what tests need from outside (tshark, chromium, tcpreplay, live peers), where apt-get, npm and go can
	@scripts/tools test
	@scripts/tools peers

.PHONY: lint
lint: ## run golangci-lint at its pinned version
	@scripts/lint

.PHONY: fuzz
fuzz: ## fuzz each parser for FUZZTIME (default 30s)
	@scripts/fuzz

.PHONY: bench
bench: build ## time firedoor beside Suricata and ndpiReader on the same files, in one run
	@scripts/tools bench && go run ./scripts/bench $(BENCHFLAGS)

.PHONY: bench-gateway
bench-gateway: ## time a request and its answer through the gateway beside a Linux bridge and Suricata, in one run (root)
	@scripts/tools bench && go run ./scripts/bench-gateway $(BENCHFLAGS)

.PHONY: gateway-prove
gateway-prove: tools ## attacks, refusals, isolation and a million frames of FIREDOOR_CORPUS in full length (root)
	FIREDOOR_GATEWAY_LONG=1 go test ./cmd/firedoor -count=1 -timeout 60m -v -run 'TestAttacks|TestGatewayRefuses|TestGatewayGoesOn|TestIsolate|TestEmergencyStop|TestKernelAgreesWithDecide'

.PHONY: judge
judge: tools ## compare all frames of FIREDOOR_CORPUS with what tshark reads; the tests take shares of the largest captures
	FIREDOOR_JUDGE_WHOLE=1 go test ./internal/judge -count=1 -timeout 90m -v -run TestJudge

.PHONY: gateway-soak
gateway-soak: ## polls through the gateway for MINUTES (default 30) while both cores are busy: no worker may be replaced (root)
	FIREDOOR_GATEWAY_MINUTES=$${MINUTES:-30} go test ./cmd/firedoor -count=1 -timeout 0 -v -run TestGatewaySoak

.PHONY: live
live: build ## capture 200,000 packets/s from a veth pair, and force drops: both counted (root)
	@go run ./scripts/live $(LIVEFLAGS)

.PHONY: soak
soak: build ## 10 minutes of warm-up and 30 at 50,000 packets/s: memory must not grow (root)
	@scripts/soak $(SOAKFLAGS)

.PHONY: score
score: build ## measure what is found in the virtual factory, into docs/DETECTION.md (a quarter of an hour)
	@go run ./scripts/score $(SCOREFLAGS)

.PHONY: factory-day
factory-day: build ## let tshark look for malformed frames in a day of the virtual factory (half an hour)
	@scripts/factory-day $(FACTORYFLAGS)

.PHONY: factory-gateway
factory-gateway: build ## two days of the virtual factory under a drafted and reviewed policy, attacked and in peace (half an hour)
	@go run ./scripts/factory-gateway $(GATEWAYFLAGS)

.PHONY: factory-month
factory-month: ## let the processes of the virtual factory run for thirty days: within limits, books closed
	FIREDOOR_DAYS=30 go test ./internal/plant/physics -count=1 -timeout 60m -v -run TestUndisturbed

.PHONY: profile
profile: ## measure anew where the sensor spends its time, for the compiler (cmd/firedoor/default.pgo)
	@scripts/profile

.PHONY: golden
golden: ## rewrite captures and golden files after a wanted change; then read the difference
	go test ./internal/plant -run 'TestCaptures|TestSampleCommitted' -update
	go test ./internal/protocol/all -run TestContract -update
	go test ./internal/detect/all -update

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
