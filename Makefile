# SPDX-License-Identifier: MIT
# A thin front door: every target installs what it lacks, builds what it needs and is quick the second time.
# The build itself is CMake; see CMakePresets.json for `cmake --preset <name>`.

.DEFAULT_GOAL := help
.PHONY: help run test bench format tidy behaviours clean setup
MAKEFLAGS += --no-print-directory

PRESET ?= release
# What `make test` builds and runs: <preset>[:<ctest label>].
TESTS ?= debug debug-clang asan tsan-clang:rt

help:
	@echo "make run      build and tell the story of examples/heartbeat (find, shrink, replay, repair)"
	@echo "make test     every test: gcc, clang, address + undefined sanitizers, thread sanitizer"
	@echo "make bench    the numbers of docs, measured here"
	@echo "make format   clang-format over src, tests, bench, examples, include/duetime"
	@echo "make tidy     the style and floor rules alone"
	@echo "make behaviours   which documented behaviours the tests show (writes docs/behaviours.md)"
	@echo "make clean    remove build/"
	@echo "Each target installs the Debian packages it lacks (tools/setup.sh lists them)."
	@echo "PRESET=debug make run    another preset; TESTS=\"debug asan\" make test    some presets only"

setup:
	@tools/setup.sh

build/%/build.ninja: CMakePresets.json
	@mkdir -p build/$*
	@cmake --preset $* >build/$*/configure.log 2>&1 || { cat build/$*/configure.log; exit 1; }
	@touch $@

run: setup
	@$(MAKE) build/$(PRESET)/build.ninja
	@tools/quietly.sh cmake --build build/$(PRESET) --target duetime
	@DUETIME=$(CURDIR)/build/$(PRESET)/bin/duetime examples/heartbeat/run.sh
	@DUETIME=$(CURDIR)/build/$(PRESET)/bin/duetime examples/ramdisk/run.sh

test: setup
	@python3 tools/ctest_all.py $(TESTS)

bench:
	@tools/setup.sh bench
	@$(MAKE) build/$(PRESET)/build.ninja
	@tools/quietly.sh cmake --build build/$(PRESET) --target benches
	@tools/bench.sh build/$(PRESET)

format: setup
	@tools/tidy.py --fix-format

tidy: setup
	@tools/tidy.py

behaviours:
	@tools/behaviours.py

clean:
	rm -rf build
