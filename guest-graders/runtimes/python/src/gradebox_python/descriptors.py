"""File descriptors 0, 1 and 2 for a program that asks for them by number or by the names under `/dev`.

The sandbox has no files; the host's own standard streams are not the program's. So `open`, `os.read`,
`os.write`, `os.fstat` and the two ways to end a process at once are led to the program's streams, and
left alone for everything else.
"""

from .pristine import BUILTINS as __builtins__

import builtins
import io
import os
import stat

_open = io.open
_read = os.read
_write = os.write
_fstat = os.fstat
_isatty = os.isatty
_exit = os._exit
_abort = os.abort
_stat_result = os.stat_result
_DEVICES = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2, "/dev/fd/0": 0, "/dev/fd/1": 1, "/dev/fd/2": 2}


class ProcessEnded(BaseException):
    """Unwinds a program that called `os._exit`."""


def lead_to(session):
    """Replaces the functions by ones that know the session's streams (`session.streams`)."""
    builtins.open = io.open = _opener(session)
    os.read = _reader(session)
    os.write = _writer(session)
    os.fstat = _stat(session)
    os.isatty = _terminal
    os._exit = _ender(session)
    os.abort = _aborter(session)


def _opener(session):
    def open(
        file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None
    ):
        number = _number(file)
        if number is not None and opener is None:
            return session.streams.open_number(number, mode, buffering, encoding, errors, newline)
        if type(file) is str and file == "/dev/null":
            return _nowhere(mode, buffering, encoding, errors, newline)
        return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)

    open.__doc__ = _open.__doc__
    return open


def _number(file):
    if type(file) is int:
        return file if 0 <= file <= 2 else None
    return _DEVICES.get(file) if type(file) is str else None


def _nowhere(mode, buffering, encoding, errors, newline):
    stream = _Nowhere()
    if "b" in mode:
        return stream
    return io.TextIOWrapper(stream, encoding or "utf-8", errors, newline)


class _Nowhere(io.BytesIO):
    """`/dev/null`."""

    name = "/dev/null"

    def write(self, data):
        with memoryview(data) as view:
            return view.nbytes


def _reader(session):
    def read(fd, length, /):
        if type(fd) is int and fd == 0:
            return session.streams.read_input(length)
        return _read(fd, length)

    return read


def _writer(session):
    def write(fd, data, /):
        if type(fd) is int and 1 <= fd <= 2:
            return session.streams.write_output(fd, data)
        return _write(fd, data)

    return write


def _stat(session):
    def fstat(fd):
        if type(fd) is int and 0 <= fd <= 2:
            kind, size = (stat.S_IFREG, session.streams.input_size()) if fd == 0 else (stat.S_IFIFO, 0)
            return _stat_result((kind | 0o600, 0, 0, 1, 0, 0, size, 0, 0, 0))
        return _fstat(fd)

    return fstat


def _terminal(fd, /):
    return False if type(fd) is int and 0 <= fd <= 2 else _isatty(fd)


def _ender(session):
    def _exit_now(status):
        """Ends the program: what it writes while it unwinds is dropped, and its exit code stands."""
        if session.exit_code is not None:
            _exit(status)
        session.streams.mute()
        session.exit_code = status
        raise ProcessEnded

    return _exit_now


def _aborter(session):
    def abort():
        session.streams.flush()
        _abort()

    return abort
