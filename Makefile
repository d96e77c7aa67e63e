# Everything a fresh machine needs is set up on the way: `make demo` runs the main job, `make test` passes the tests.
.PHONY: all build graders demo test check bench clean-demo

TARGET := wasm32-wasip2
GUESTS := target/guests
CARGO ?= cargo
export CARGO_TERM_PROGRESS_WHEN ?= never

all: build graders

build:
	$(CARGO) build --release --locked

$(GUESTS)/.rust-target:
	rustup target add $(TARGET)
	@mkdir -p $(@D) && touch $@

graders: $(GUESTS)/.rust-target
	$(CARGO) build --release --locked --manifest-path guest-graders/Cargo.toml --target $(TARGET) --target-dir $(GUESTS)
	@mkdir -p target/graders/runtimes
	@for name in syntax code-execution math; do \
	  cmp -s $(GUESTS)/$(TARGET)/release/$$(echo $$name | tr - _).wasm target/graders/$$name.wasm || \
	  cp $(GUESTS)/$(TARGET)/release/$$(echo $$name | tr - _).wasm target/graders/$$name.wasm; done
	guest-graders/runtimes/python/build.sh
