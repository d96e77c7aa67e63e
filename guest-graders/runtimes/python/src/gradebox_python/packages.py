"""What was added to this runtime when it was built: packages of PyPI, and the name under which it has them."""

import importlib.util
import sys

LANGUAGE = "python"
"""The language that the runtime calls itself."""

ALIASES = ["py", "python3", "py3", "python{}.{}".format(*sys.version_info), "cpython"]
EXTENSIONS = ["py"]


def import_everything():
    """Imports the added packages, where there are any, and takes their runtime's name."""
    global LANGUAGE, ALIASES, EXTENSIONS
    if importlib.util.find_spec("gradebox_packages") is None:
        return
    from gradebox_packages import free_memory, preload

    preload.import_everything()
    free_memory.clear()
    # What programs call Python is the runtime without packages; this one is asked for by its name.
    LANGUAGE, ALIASES, EXTENSIONS = preload.contents()["language"], [], []
