"""The application that componentize-py takes a snapshot of."""

import sys

from gradebox_python import standard_library

ABSENT = standard_library.import_everything()

from gradebox_python import snapshot
from gradebox_python.interpreter import Interpreter

print("not in the standard library of this build:", file=sys.stderr)
for _name, _reason in ABSENT.items():
    print(f"  {_name}: {_reason}", file=sys.stderr)

snapshot.prepare()
