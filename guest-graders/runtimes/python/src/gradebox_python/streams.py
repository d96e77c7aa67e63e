"""Standard input, output and error: text streams over the host's channels and the step's input.

The first lines of standard output leave at once, so that a program that is stopped later leaves some
trace; after `EARLY_LINES` of them output leaves in blocks, as into a pipe. Standard error leaves line by
line, as CPython's does.
"""

from .pristine import BUILTINS as __builtins__

import io
import sys
import weakref

from wit_world.imports import host
from wit_world.imports.host import Channel

BUFFER_BYTES = 8192
EARLY_LINES = 200

_MAX_WRITE = 1 << 18
_BytesIO = io.BytesIO
_TextIOWrapper = io.TextIOWrapper
_BufferedReader = io.BufferedReader
_BufferedWriter = io.BufferedWriter
_reference = weakref.ref
_wrapper_write = io.TextIOWrapper.write
_wrapper_flush = io.TextIOWrapper.flush


class StandardStreams:
    """The three streams of one program, and every other stream that it opened on their numbers."""

    def __init__(self):
        self._output = [None, _Output(Channel.STDOUT), _Output(Channel.STDERR)]
        self._input = _Input()
        self.stdin = self._reader_of(self._input)
        self.stdout = _writer(self._output[1], "<stdout>", "strict")
        self.stderr = _writer(self._output[2], "<stderr>", "backslashreplace", line_buffering=True)
        _flush_early_lines(self.stdout)
        self._opened = []

    def install(self):
        """Makes them the interpreter's own."""
        sys.stdin = sys.__stdin__ = self.stdin
        sys.stdout = sys.__stdout__ = self.stdout
        sys.stderr = sys.__stderr__ = self.stderr

    def feed(self, data):
        """Gives standard input its content for one step; what the step before left unread is gone."""
        if self._input.closed:
            self._input = _Input()
            self.stdin = sys.stdin = sys.__stdin__ = self._reader_of(self._input)
        elif not data and self.input_size() == 0:
            return  # Nothing is read, and nothing was left.
        self._input.refill(data)
        try:
            self.stdin.seek(0)
        except ValueError:
            return  # The program detached it and reads by other means.

    def flush(self):
        """Sends what is buffered anywhere, the program's own replacements included. Never raises."""
        opened = [reference() for reference in self._opened]
        for stream in (sys.stdout, sys.stderr, *opened, self.stdout, self.stderr):
            try:
                stream.flush()
            except BaseException:
                continue

    def mute(self):
        """Sends what is buffered, then nothing any more."""
        self.flush()
        for output in self._output[1:]:
            output.muted = True

    def record_output(self):
        """From now on, also keeps what leaves on standard output, until it is taken."""
        self._output[1].record = []

    def take_recorded(self):
        """What left since the last time, as bytes; what is buffered leaves first."""
        record = self._output[1].record
        for stream in (sys.stdout,) if sys.stdout is self.stdout else (sys.stdout, self.stdout):
            try:
                stream.flush()
            except BaseException:
                continue
        if not record:
            return b""
        data = b"".join(record)
        record.clear()
        return data

    def input_size(self):
        return self._input.getbuffer().nbytes

    def read_input(self, size):
        """As `os.read(0, size)`."""
        return self._input.read(size)

    def write_output(self, number, data):
        """As `os.write(1, data)` and `os.write(2, data)`."""
        return self._output[number].write(data)

    def open_number(self, number, mode, buffering, encoding, errors, newline):
        """As `open(number, mode, …)` for 0, 1 and 2; closing the result leaves the others open."""
        raw = _SharedInput(self._input) if number == 0 else _SharedOutput(self._output[number])
        if ("r" in mode) is not (number == 0) or "+" in mode:
            raise OSError(9, "Bad file descriptor")
        if "b" in mode and buffering == 0:
            return raw
        size = buffering if buffering > 1 else BUFFER_BYTES
        stream = _BufferedReader(raw, size) if number == 0 else _BufferedWriter(raw, size)
        if "b" not in mode:
            stream = _TextIOWrapper(stream, encoding or "utf-8", errors, newline, line_buffering=buffering == 1)
            stream.mode = mode
        if number != 0:
            self._opened.append(_reference(stream))
        return stream

    def _reader_of(self, raw):
        stream = _TextIOWrapper(_BufferedReader(raw, BUFFER_BYTES), "utf-8", "strict", "\n")
        stream.mode = "r"
        return stream


class _Input(io.BytesIO):
    """What a step reads, as if redirected from a file."""

    name = "<stdin>"
    mode = "rb"

    def fileno(self):
        return 0

    def refill(self, data):
        _BytesIO.seek(self, 0)
        _BytesIO.truncate(self)
        _BytesIO.write(self, data)
        _BytesIO.seek(self, 0)


class _SharedInput(io.RawIOBase):
    """Another reader at the same place."""

    name = 0
    mode = "rb"

    def __init__(self, source):
        self._source = source

    def readable(self):
        return True

    def fileno(self):
        return 0

    def readinto(self, buffer):
        return _BytesIO.readinto(self._source, buffer)


class _Output(io.RawIOBase):
    """A channel of the host."""

    mode = "wb"

    def __init__(self, channel):
        self._channel = channel
        self.name = "<stdout>" if channel is Channel.STDOUT else "<stderr>"
        self.muted = False
        self.record = None

    def writable(self):
        return True

    def fileno(self):
        return 1 if self._channel is Channel.STDOUT else 2

    def write(self, data):
        with memoryview(data) as view:
            size = view.nbytes
            if not self.muted:
                if self.record is not None:
                    self.record.append(bytes(view.cast("B")))
                for start in range(0, size, _MAX_WRITE):
                    deliver(self._channel, bytes(view.cast("B")[start : start + _MAX_WRITE]))
        return size


class _SharedOutput(io.RawIOBase):
    """Another writer to the same channel."""

    mode = "wb"

    def __init__(self, target):
        self._target = target
        self.name = target.fileno()

    def writable(self):
        return True

    def fileno(self):
        return self.name

    def write(self, data):
        return self._target.write(data)


def deliver(channel, data):
    """Hands bytes to the host."""
    _host_write(channel, data)


def set_delivery(write):
    """Sends output elsewhere: there is no host while the snapshot is made."""
    global _host_write
    _host_write = write


def restore_delivery():
    set_delivery(host.write)


_host_write = host.write


def _writer(raw, name, errors, line_buffering=False):
    stream = _TextIOWrapper(
        _BufferedWriter(raw, BUFFER_BYTES), "utf-8", errors, "\n", line_buffering=line_buffering
    )
    stream.mode = "w"
    return stream


def _flush_early_lines(stream):
    left = EARLY_LINES

    def write(text, /):
        nonlocal left
        written = _wrapper_write(stream, text)
        if left and "\n" in str.__str__(text):
            left -= 1
            _wrapper_flush(stream)
            if not left:
                stream.__dict__.pop("write", None)
        return written

    stream.write = write
