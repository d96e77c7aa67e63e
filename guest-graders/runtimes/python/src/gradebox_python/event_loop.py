"""An asyncio event loop that needs no socket.

CPython's own loops wake themselves through a socket pair, which the sandbox denies. Here nothing can
wake a loop from outside: there are no threads, signals or sockets, so waiting is sleeping until the next
timer, on the host's virtual clock.
"""

from .pristine import BUILTINS as __builtins__

import asyncio
import asyncio.events
import asyncio.selector_events
import selectors
import time

_sleep = time.sleep


class SandboxEventLoop(asyncio.selector_events.BaseSelectorEventLoop):
    """Runs tasks and timers; `run_in_executor` without an executor runs its function at once."""

    def __init__(self):
        super().__init__(_Timers())

    def run_in_executor(self, executor, func, *args):
        if executor is not None:
            return super().run_in_executor(executor, func, *args)
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def _make_self_pipe(self):
        self._internal_fds += 1

    def _close_self_pipe(self):
        self._internal_fds -= 1

    def _write_to_self(self):
        return


class _Timers(selectors.BaseSelector):
    """A selector with nothing to select."""

    def register(self, fileobj, events, data=None):
        raise PermissionError(63, "Permission denied")

    def unregister(self, fileobj):
        raise KeyError(f"{fileobj!r} is not registered")

    def select(self, timeout=None):
        if timeout is None:
            raise RuntimeError("deadlock: every task waits, and nothing is left that could wake one")
        if timeout > 0:
            _sleep(timeout)
        return []

    def get_map(self):
        return {}


def install():
    """Makes it the loop that `asyncio.run` and `asyncio.new_event_loop` make."""
    events = asyncio.events
    base = getattr(events, "_BaseDefaultEventLoopPolicy", None) or events.BaseDefaultEventLoopPolicy
    policy = type("SandboxEventLoopPolicy", (base,), {"_loop_factory": SandboxEventLoop})
    events._event_loop_policy = policy()
    asyncio.SelectorEventLoop = asyncio.EventLoop = SandboxEventLoop
