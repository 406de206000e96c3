# Everything a person does with the project. Needs Swift 6.3 and make; `setup` installs the ncurses headers if they are missing.
SWIFT ?= swift
PREFIX ?= /usr/local
ARGS ?=
FLAGS ?=

.PHONY: run test check bench install setup format docs build

## run: builds and opens the workbench (ARGS are passed on)
run: setup
	$(SWIFT) build -c release --product workbench
	.build/release/workbench $(ARGS)

## test: builds and runs all tests
test: setup
	$(SWIFT) build --build-tests $(FLAGS)
	$(SWIFT) test --skip-build --disable-xctest $(FLAGS)

## check: what must hold before a change lands: format, no warnings, tests, generated documents up to date
check: setup
	$(SWIFT) format lint --strict --recursive Sources Tests Fuzz/Sources Package.swift Fuzz/Package.swift
	$(MAKE) test FLAGS="-Xswiftc -warnings-as-errors"
	.build/debug/workbench commands | diff - Documentation/Commands.md
	.build/debug/workbench keys | diff - Documentation/Keys.md
	.build/debug/workbench token checks | diff - Documentation/TokenChecks.md

## bench: measures a release build
bench: setup
	$(SWIFT) build -c release --product workbench
	.build/release/workbench bench $(ARGS)
	@if command -v python3 > /dev/null; then Benchmarks/start-time; fi

## install: puts the release build into PREFIX/bin, and the guests into PREFIX/share/workbench
install: setup
	$(SWIFT) build -c release --product workbench --static-swift-stdlib
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 .build/release/workbench $(DESTDIR)$(PREFIX)/bin/workbench
	install -d $(DESTDIR)$(PREFIX)/share/workbench/guests
	install -m 644 Sessions/guests/*.elf Sessions/guests/*.img $(DESTDIR)$(PREFIX)/share/workbench/guests

## docs: writes the generated documents anew
docs: build
	.build/debug/workbench commands > Documentation/Commands.md
	.build/debug/workbench keys > Documentation/Keys.md
	.build/debug/workbench token checks > Documentation/TokenChecks.md

build: setup
	$(SWIFT) build

format:
	$(SWIFT) format --in-place --recursive Sources Tests Fuzz/Sources Package.swift Fuzz/Package.swift

## setup: installs the ncurses headers if they are missing
setup:
	@Scripts/setup
