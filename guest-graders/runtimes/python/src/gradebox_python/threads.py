"""Says clearly that there are no threads: CPython's own message sounds as if there were too many."""

from .pristine import BUILTINS as __builtins__

import _thread
import threading


def install():
    """Replaces what starts a thread."""
    threading._start_joinable_thread = _thread.start_joinable_thread = _refuse
    threading._start_new_thread = _thread.start_new_thread = _thread.start_new = _refuse


def _refuse(*args, **kwargs):
    raise RuntimeError("can't start new thread: programs run without threads here")
