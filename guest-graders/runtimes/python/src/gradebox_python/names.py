"""Makes the interpreter's names before anything is imported, so that they lie side by side.

The interpreter has one table of the names that any code uses. A program looks its own up in it, and reads those that
happen to stand where it looks. Where each lay with the module that had it first, programs would read pages all over the
image, and at the end of each instance the engine looks at every page that any program before has read.
"""

import os
import sys

FILE = "names.txt"
"""Which names there will be, one on a line, is known from a build without this file."""


def make():
    """The names. They last as long as the list, or as something that uses them."""
    path = next((path for path in (f"{folder}/{FILE}" for folder in sys.path) if os.path.isfile(path)), None)
    if path is None:
        return []
    with open(path, encoding="utf-8") as file:
        names = file.read().split("\n")
    for number, name in enumerate(names):
        names[number] = sys.intern(name)
    return names
