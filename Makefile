# PayAid. `make help` lists what there is; the README explains it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export GOTOOLCHAIN ?= local

TOOL := go tool -modfile=tools/go.mod
# Generated files are committed, so that `make run` needs only Go and PostgreSQL.
GENERATED = $(shell git ls-files -co --exclude-standard -- 'db/*_gen.go' 'db/*.sql.go' 'views/*_templ.go' views/ui/icons_gen.go static docs/openapi.json)

.PHONY: help
help: ## Show this help.
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## Set up what is missing and serve http://localhost:3000 with a demo business.
	@tools/setup.sh run
	@go build -o bin/payaid ./cmd/web
	@PAYAID_DEMO=$${PAYAID_DEMO:-true} exec bin/payaid serve

.PHONY: build
build: ## Build bin/payaid.
	go build -trimpath -o bin/payaid ./cmd/web

.PHONY: test
test: ## Set up what is missing and run every test, on real servers and a real browser.
	@tools/setup.sh test
	go test -timeout 20m ./...

.PHONY: check
check: ## Formatting, vet, linters, and whether generated code is current.
	@tools/setup.sh check
	@test -z "$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go'))" || { echo "not formatted (run gofmt -w):"; gofmt -l $$(git ls-files -co --exclude-standard '*.go'); exit 1; }
	go vet ./...
	go vet -tags drill ./internal/backup
	CGO_ENABLED=0 $(TOOL) golangci-lint run ./...
	CGO_ENABLED=0 $(TOOL) sqlc vet
	@sha256sum $(GENERATED) > bin/generated.before
	@$(MAKE) --no-print-directory generate assets openapi
	@sha256sum $(GENERATED) > bin/generated.after
	@diff bin/generated.before bin/generated.after || { echo "generated files were out of date: run make generate assets openapi and commit"; exit 1; }
	npx --yes @redocly/cli@2.77.0 lint docs/openapi.json

.PHONY: generate
generate: ## Make Go code from SQL and templates.
	CGO_ENABLED=0 $(TOOL) sqlc generate
	CGO_ENABLED=0 $(TOOL) templ generate -path views -log-level error

.PHONY: assets
assets: ## Build the stylesheet and copy vendored scripts, fonts and icons.
	cd assets && npm install --no-save --no-audit --no-fund --loglevel=error && npm run --silent build

.PHONY: openapi
openapi: ## Write docs/openapi.json from the typed operations.
	go run ./cmd/web openapi > bin/openapi.json
	mv bin/openapi.json docs/openapi.json

.PHONY: audit
audit: ## Look for known vulnerabilities (asks the Go vulnerability database).
	go run golang.org/x/vuln/cmd/govulncheck@v1.1.4 ./...

.PHONY: bench
bench: ## Measure against the raw limits of this machine (docs/performance.md).
	@tools/setup.sh run
	@go run ./bench

.PHONY: bench-million
bench-million: ## The same with 100,000 and with 1,000,000 contacts.
	@tools/setup.sh run
	@BENCH_CONTACTS=100000,1000000 go run ./bench

.PHONY: bench-backups
bench-backups: ## Measure backups and a restore, and write the table of docs/backup.md.
	@tools/setup.sh run
	@go run ./bench -backups docs/backup.md

.PHONY: drill
drill: ## Try every fault that a backup or restore must survive, and print what came of each (docs/backup.md).
	@tools/setup.sh test
	@code=0; PAYAID_DRILL_TABLE=$(CURDIR)/bin/drill.md go test -tags drill -count 1 -timeout 60m -run '^TestFaults$$' ./internal/backup || code=$$?; cat bin/drill.md; exit $$code

.PHONY: stop
stop: ## Stop the embedded servers of ./.data.
	@go run ./cmd/web stop

.PHONY: up
up: ## Build and start the production stack with Docker Compose (docs/production.md).
	@deploy/up.sh

.PHONY: down
down: ## Stop the production stack; its data stays.
	@command -v docker >/dev/null || { echo "Docker is needed: see docs/production.md" >&2; exit 1; }
	@docker compose -f docker-compose.prod.yml down
