"""Standard input, output and error, by every usual way to them."""

import unittest

from gradebox_python import streams
from wit_world.imports import host
from wit_world.imports.host import Channel

from .running import RunningTestCase


class Input(RunningTestCase):
    def printed(self, source, stdin):
        host.written[Channel.STDOUT].clear()
        self.script(source, stdin)
        return self.stdout

    def test_ways_to_read(self):
        for expression, expected in [
            ("sys.stdin.read()", "'1 2\\n3\\n'"),
            ("input(), input()", "('1 2', '3')"),
            ("[*sys.stdin]", "['1 2\\n', '3\\n']"),
            ("sys.stdin.readlines()", "['1 2\\n', '3\\n']"),
            ("sys.stdin.buffer.read()", "b'1 2\\n3\\n'"),
            ("open(0).read()", "'1 2\\n3\\n'"),
            ("open(0, 'rb').read()", "b'1 2\\n3\\n'"),
            ("open('/dev/stdin').read().split()", "['1', '2', '3']"),
            ("os.fdopen(0).readline()", "'1 2\\n'"),
            ("os.read(0, os.fstat(0).st_size)", "b'1 2\\n3\\n'"),
            ("os.read(sys.stdin.fileno(), 2)", "b'1 '"),
            ("sys.stdin.isatty(), os.isatty(0)", "(False, False)"),
            ("[*map(str.strip, iter(sys.stdin.readline, ''))]", "['1 2', '3']"),
        ]:
            with self.subTest(expression=expression):
                self.assertEqual(self.printed(f"import os, sys\nprint(repr(({expression})))", b"1 2\n3\n"), expected + "\n")

    def test_the_end_of_input(self):
        self.assertEqual(self.raised(self.script, "input()").message, "EOF when reading a line")

    def test_closing_a_copy_leaves_standard_input_open(self):
        self.assertEqual(self.printed("open(0).close()\nprint(input())", b"a\n"), "a\n")

    def test_each_step_reads_its_own_input(self):
        self.load("import sys\nread = sys.stdin.readline\ndef f(): return read()")
        self.assertEqual(self.call("f", stdin=b"one\nleft over\n").value, '"one\\n"')
        self.assertEqual(self.call("f", stdin=b"two\n").value, '"two\\n"')
        self.assertEqual(self.call("f").value, '""')

    def test_a_step_without_input_reads_nothing_of_the_one_before(self):
        self.load("import sys\ndef f(): return sys.stdin.readline()")
        for given, read in ((b"one\nleft over\n", '"one\\n"'), (b"", '""'), (b"", '""'), (b"two", '"two"')):
            self.assertEqual(self.call("f", stdin=given).value, read)

    def test_a_closed_input_is_open_again_for_the_next_step(self):
        self.load("import sys\ndef f():\n    line = input()\n    sys.stdin.close()\n    return line")
        self.assertEqual(self.call("f", stdin=b"a\n").value, '"a"')
        self.assertEqual(self.call("f", stdin=b"b\n").value, '"b"')

    def test_a_rewrapped_input(self):
        self.load("import io, sys\nsys.stdin = io.TextIOWrapper(sys.stdin.detach(), 'latin-1')\ndef f(): return input()")
        self.assertEqual(self.call("f", stdin=b"\xe9\n").value, '"é"')
        self.assertEqual(self.call("f", stdin=b"b\n").value, '"b"')


class Output(RunningTestCase):
    def test_ways_to_write(self):
        self.script(
            "import os, sys\n"
            "print('a')\n"
            "sys.stdout.buffer.write(b'b\\n')\n"
            "sys.stdout.flush()\n"
            "os.write(1, b'c\\n')\n"
            "print('d', file=open(1, 'w'))\n"
            "kept = open('/dev/stdout', 'wb')\nkept.write(b'e\\n')\nkept.flush()\n"
            "open(os.devnull, 'w').write('nothing')\n"
            "sys.stdout.writelines(['f', '\\n'])\n"
            "print('err', file=sys.stderr)\n"
            "os.write(2, b'or\\n')\n"
        )
        self.assertEqual(self.stdout, "a\nb\nc\nd\ne\nf\n")
        self.assertEqual(self.stderr, "err\nor\n")

    def test_nothing_is_left_in_buffers(self):
        self.script("import sys\nsys.stdout.write('x')\nkept = open(1, 'w')\nkept.write('y')\nsys.stderr.write('z')")
        self.assertEqual(sorted(self.stdout), ["x", "y"])
        self.assertEqual(self.stderr, "z")
        self.raised(self.script, "print('before', end='')\n1 / 0")
        self.assertTrue(self.stdout.endswith("before"))

    def test_the_first_lines_leave_at_once(self):
        sizes = []
        write = streams._host_write
        streams.set_delivery(lambda channel, data: sizes.append(len(data)))
        try:
            self.script("for i in range(10_000): print('123456789')")
        finally:
            streams.set_delivery(write)
        self.assertEqual(sum(sizes), 100_000)
        self.assertEqual(sizes[: streams.EARLY_LINES], [10] * streams.EARLY_LINES)
        self.assertLess(len(sizes), streams.EARLY_LINES + 20)

    def test_a_replaced_standard_output_is_flushed(self):
        self.script(
            "import io, os, sys\n"
            "class Fast(io.IOBase):\n"
            "    def __init__(self): self.data = io.BytesIO()\n"
            "    def write(self, text): self.data.write(text.encode())\n"
            "    def flush(self):\n"
            "        os.write(1, self.data.getvalue()); self.data.seek(0); self.data.truncate()\n"
            "sys.stdout = Fast()\n"
            "print('fast')\n"
        )
        self.assertEqual(self.stdout, "fast\n")

    def test_a_closed_output_ends_quietly(self):
        self.script("import sys\nprint('a')\nsys.stdout.close()")
        self.assertEqual(self.stdout, "a\n")

    def test_lone_surrogates(self):
        self.assertEqual(self.raised(self.script, "print('\\ud800')").kind, "UnicodeEncodeError")
        self.script("import sys\nprint('\\ud800', file=sys.stderr)")
        self.assertEqual(self.stderr, "\\ud800\n")


if __name__ == "__main__":
    unittest.main()
