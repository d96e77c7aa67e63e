"""Notices imports that fail for want of files, and would not natively."""

import sys


class Watch:
    """A last finder of `sys.meta_path`: what reaches it is not there.

    It knows the packages of the component and the standard library. A module of theirs that was there when the
    snapshot was taken is there now; one that failed then fails now and is no surprise; any other is `unexpected`.
    """

    def __init__(self, packages):
        self.packages = frozenset(packages)
        self.expected = set()
        self.unexpected = []
        self._learning = True
        sys.meta_path.append(self)

    def close(self):
        """Ends the time in which failing imports are what they natively are. Call it when the snapshot is ready."""
        self._learning = False

    def find_spec(self, name, path=None, target=None):
        """Part of the import system: finds nothing, and takes notes."""
        if self._learning:
            self.expected.add(name)
        elif name not in self.expected and self._is_ours(name):
            self.unexpected.append(name)
        return None

    def _is_ours(self, name):
        top = name.partition(".")[0]
        return top in self.packages or top in sys.stdlib_module_names
