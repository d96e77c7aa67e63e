"""Tests of what is done with packages, outside and inside of a component; needs no package index."""

import importlib
import json
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "src")]

import installing  # noqa: E402
from gradebox_packages import missing, preload  # noqa: E402


def package(folder, files):
    for name, text in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Installing(unittest.TestCase):
    def test_what_stands_in_the_folder_is_told_from_what_comes_with_it(self):
        with tempfile.TemporaryDirectory() as folder:
            package(folder, {"a/__init__.py": "", "b.py": "", "spaces/inner/c.py": "", "a-1.0.dist-info/RECORD": "",
                             "share/man/page.1": "", "bin/run.py": ""})
            self.assertEqual(installing.top_level(Path(folder)), ["a", "b", "spaces"])

    def test_imports_in_functions_are_found(self):
        source = "import os, sys as system\ndef f():\n    from json import decoder\n    import a.b\n"
        with tempfile.TemporaryDirectory() as folder:
            package(folder, {"m.py": source})
            names = installing.named_modules(Path(folder))
        self.assertLessEqual({"os", "json", "json.decoder", "a.b"}, names)

    def test_a_package_without_a_pure_wheel_is_named_with_who_needs_it(self):
        said = (
            "ERROR: Could not find a version that satisfies the requirement numpy (from seaborn) (from versions: none)\n"
            "ERROR: No matching distribution found for numpy\n"
        )
        text = installing._explain(said)
        self.assertIn("no pure-Python wheel of numpy, which seaborn needs", text)
        alone = installing._explain(said.replace(" (from seaborn)", ""))
        self.assertIn("no pure-Python wheel of numpy (C extensions", alone)

    def test_other_complaints_of_pip_are_kept(self):
        self.assertEqual(installing._explain("ERROR: no network\n"), "ERROR: no network")


class Preloading(unittest.TestCase):
    def load(self, files, modules):
        with tempfile.TemporaryDirectory() as folder:
            contents = {"modules": modules, "standard_library": ["colorsys", "no_such_module"]}
            package(folder, {**files, preload.CONTENTS: json.dumps(contents)})
            sys.path.insert(0, folder)
            importlib.invalidate_caches()
            try:
                return preload.import_everything()
            finally:
                sys.path.remove(folder)

    def test_every_module_is_imported_but_tests(self):
        files = {"whole/__init__.py": "", "whole/deep/__init__.py": "", "whole/deep/lazy.py": "",
                 "whole/tests/__init__.py": "", "whole/optional.py": "import no_such_module"}
        absent = self.load(files, ["whole"])
        self.assertIn("whole.deep.lazy", sys.modules)
        self.assertNotIn("whole.tests", sys.modules)
        self.assertIn("colorsys", sys.modules)
        self.assertEqual(list(absent), ["whole.optional"])

    def test_a_package_that_cannot_be_imported_is_an_error_that_names_it(self):
        with self.assertRaisesRegex(ImportError, "broken: .*no_such_module"):
            self.load({"broken.py": "import no_such_module"}, ["broken"])


class Missing(unittest.TestCase):
    def test_only_what_did_not_fail_before_is_unexpected(self):
        watch = missing.Watch({"ours"})
        try:
            for name in ("no_such_module", "ours_not"):
                self.assertRaises(ImportError, importlib.import_module, name)
            watch.close()
            for name in ("no_such_module", "foreign", "ours"):
                self.assertRaises(ImportError, importlib.import_module, name)
        finally:
            sys.meta_path.remove(watch)
        self.assertEqual(watch.unexpected, ["ours"])


if __name__ == "__main__":
    unittest.main()
