# Entry points for people and for CI. The work is in scripts/, so that everything also runs where make is missing
# (scripts/run is `make run`).

SWIFT      ?= swift
PORT       ?=
PREFIX     ?= /usr/local
DESTDIR    ?=
T          ?= 60
ROUNDS     ?= 50
FILTER     ?=
ACCEL      ?=
BIN        := .build/release
PROGRAMS   := warmplane warmplaned warmplane-worker warmplane-exec warmplane-demo-server
RELEASE    := $(SWIFT) build -c release --static-swift-stdlib
FORMATTED  := Sources Tests

export SWIFT

.DEFAULT_GOAL := help
.PHONY: help setup build run test test-vm check format bench soak fuzz dist install uninstall clean

help: ## list the targets
	@echo "usage: make <target> [VARIABLE=value]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## install missing system packages, and the example servers into .venv
	@scripts/setup
	@echo "ready: make build, or make run"

build: ## release build of every program, into .build/release
	@scripts/setup --build
	@$(RELEASE)
	@echo "ready: $(BIN)/warmplane"

run: ## set up, build, start the daemon with real example servers; Ctrl-C ends all (PORT=9191)
	@scripts/run $(if $(PORT),--port $(PORT))

test: ## set up and run all tests (FILTER=regex; OFFLINE=1 installs nothing from PyPI)
	@scripts/test $(if $(FILTER),--filter '$(FILTER)') $(if $(OFFLINE),--offline)

test-vm: ## boot a Debian with systemd in qemu and prove what the service does there (ACCEL=kvm; not part of CI)
	@$(MAKE) --no-print-directory build
	@scripts/test-vm $(if $(ACCEL),--accel $(ACCEL))

check: ## format, imports, tree rules, documents, and a build where warnings are errors (OFFLINE=1: no documents)
	@$(if $(OFFLINE),OFFLINE=1) scripts/check

format: ## format the Swift sources in place
	@$(SWIFT) format format --in-place --recursive --parallel $(FORMATTED)
	@echo "formatted: $(FORMATTED)"

bench: ## measure against a direct call, nginx and a C relay
	@bench/run

soak: ## replace the daemon in the middle of calls, 50 times by kill -9 and 50 times by upgrade (ROUNDS=50)
	@scripts/soak $(ROUNDS)

fuzz: ## run each decoder's fuzzer for T seconds (T=60)
	@scripts/fuzz $(T)

dist: ## build, and pack a release archive for this machine's target with checksums into dist
	@$(MAKE) --no-print-directory build
	@scripts/dist

install: ## put all programs side by side into PREFIX/bin (PREFIX=/usr/local DESTDIR=); builds only what is missing
	@for p in $(PROGRAMS); do test -x $(BIN)/$$p || { $(MAKE) --no-print-directory build || exit 1; break; }; done
	@install -d "$(DESTDIR)$(PREFIX)/bin"
	@for p in $(PROGRAMS); do install -m 755 $(BIN)/$$p "$(DESTDIR)$(PREFIX)/bin/$$p" || exit 1; done
	@echo "installed: $(DESTDIR)$(PREFIX)/bin/warmplane and its helpers"

uninstall: ## remove what install put there
	@for p in $(PROGRAMS); do rm -f "$(DESTDIR)$(PREFIX)/bin/$$p"; done
	@echo "removed: $(PROGRAMS) from $(DESTDIR)$(PREFIX)/bin"

clean: ## remove build output, archives, logs and example data; the .venv directories stay
	@rm -rf .build .run .bench dist examples/data
	@echo "clean"
