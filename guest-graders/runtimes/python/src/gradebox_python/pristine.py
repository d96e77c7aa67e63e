"""The builtins as they were before any program ran.

A program may replace `builtins.len` and anything else. Every module of this package therefore begins
with `from .pristine import BUILTINS as __builtins__`: functions take their builtins from that name of
their module, so the package keeps working with the ones it was written for. What it needs of other
modules it binds to names of its own when it is imported, for the same reason.
"""

import builtins

BUILTINS = dict(vars(builtins))
