# Everything a person does with the project. Needs Swift 6.3 and make; `setup` installs the headers of ncurses, libxml2 and zlib if they are missing.
SWIFT ?= swift
PREFIX ?= /usr/local
ARGS ?=
FLAGS ?=

SWIFT_FILES = Sources Tests Package.swift Benchmarks/Sources Benchmarks/Package.swift Fuzz/Sources Fuzz/Package.swift

.PHONY: run test check bench install deb setup format docs build

## run: builds and opens the workbench (ARGS are passed on)
run: setup
	$(SWIFT) build -c release --product workbench
	.build/release/workbench $(ARGS)

## test: builds and runs all tests
test: setup
	$(SWIFT) build --build-tests $(FLAGS)
	$(SWIFT) test --skip-build --disable-xctest $(FLAGS)

## check: what must hold before a change lands: format, no warnings, tests (generated documents up to date among them), the embedding packages
check: setup
	$(SWIFT) format lint --strict --recursive $(SWIFT_FILES)
	$(MAKE) test FLAGS="-Xswiftc -warnings-as-errors"
	Scripts/embedders

## bench: measures a release build (ARGS are passed on)
bench: setup
	$(SWIFT) build -c release --product workbench
	$(SWIFT) build -c release --package-path Benchmarks
	Benchmarks/.build/release/Bench $(ARGS)
	@if command -v python3 > /dev/null; then Benchmarks/start-time; fi

SHARE = $(DESTDIR)$(PREFIX)/share
# Where zsh looks: what a distribution's package brings is apart from what is built here.
ZSH = $(SHARE)/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)

## install: puts a release build without symbols into PREFIX/bin; guests, manual page and completions into PREFIX/share
install: setup
	$(SWIFT) build -c release --product workbench --static-swift-stdlib
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/workbench/guests $(SHARE)/man/man1
	install -d $(SHARE)/bash-completion/completions $(ZSH) $(SHARE)/fish/vendor_completions.d
	install -m 755 .build/release/workbench $(DESTDIR)$(PREFIX)/bin/workbench
	strip --strip-unneeded --remove-section=.comment --remove-section=.note $(DESTDIR)$(PREFIX)/bin/workbench
	install -m 644 Sessions/guests/*.elf Sessions/guests/*.img Sessions/secure/*.elf $(SHARE)/workbench/guests
	install -d $(SHARE)/workbench/lessons
	install -m 644 Sessions/lessons/*.lesson $(SHARE)/workbench/lessons
	install -d $(SHARE)/workbench/attacks/lib
	install -m 644 Sessions/attacks/*.session $(SHARE)/workbench/attacks
	install -m 644 Sessions/attacks/lib/*.session $(SHARE)/workbench/attacks/lib
	.build/release/workbench manual | gzip -9n > $(SHARE)/man/man1/workbench.1.gz
	.build/release/workbench --generate-completion-script bash | sed '1{/^#!/d}' > $(SHARE)/bash-completion/completions/workbench
	.build/release/workbench --generate-completion-script zsh > $(ZSH)/_workbench
	.build/release/workbench --generate-completion-script fish > $(SHARE)/fish/vendor_completions.d/workbench.fish

## deb: a Debian package of the same
deb: setup
	$(SWIFT) build -c release --product workbench --static-swift-stdlib
	Scripts/deb

## docs: writes the generated documents anew
docs: build
	.build/debug/workbench commands > Documentation/Commands.md
	.build/debug/workbench keys > Documentation/Keys.md
	.build/debug/workbench structures > Documentation/Structures.md
	.build/debug/workbench statements > Documentation/Statements.md
	.build/debug/workbench token checks > Documentation/TokenChecks.md
	.build/debug/workbench attacks --markdown > Documentation/Attacks.md
	.build/debug/workbench lesson list --markdown > Documentation/Course.md
	.build/debug/workbench explore table Documentation/Necessity.jsonl Documentation/Necessity-*.jsonl > Documentation/Necessity.md

build: setup
	$(SWIFT) build

format:
	$(SWIFT) format --in-place --recursive $(SWIFT_FILES)

## setup: installs the headers of ncurses, libxml2 and zlib if they are missing
setup:
	@Scripts/setup
