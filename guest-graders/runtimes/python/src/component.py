"""The application that componentize-py takes a snapshot of."""

from gradebox_python import room  # Before everything else, so that it lies below it.
from gradebox_python import names

made = names.make()

from gradebox_python import packages, standard_library

standard_library.import_everything()
packages.import_everything()
del made

# After the standard library, so that what the harness keeps lies behind it in memory.
from gradebox_python import snapshot
from gradebox_python.interpreter import Compiler, Interpreter
from gradebox_python.making import Making

snapshot.prepare()
