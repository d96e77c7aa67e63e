"""The names that are made before everything else."""

import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from gradebox_python import names


class Names(unittest.TestCase):
    def test_those_of_the_file_are_made(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, names.FILE).write_text("gradebox_first\ngrößer", encoding="utf-8")
            with mock.patch.object(sys, "path", ["/nowhere", folder]):
                made = names.make()
        self.assertEqual(made, ["gradebox_first", "größer"])
        self.assertIs(sys.intern("gradebox_" + "".join(["fir", "st"])), made[0])

    def test_without_a_file_there_are_none(self):
        with mock.patch.object(sys, "path", ["/nowhere"]):
            self.assertEqual(names.make(), [])
