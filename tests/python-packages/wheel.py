#!/usr/bin/env python3
"""Makes a wheel of the package `awkward`, which stands beside this file: `wheel.py FOLDER`. Always the same bytes."""

import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "awkward-1.0"


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    files = {path.relative_to(HERE).as_posix(): path.read_text() for path in (HERE / "awkward").rglob("*.py")}
    files[f"{NAME}.dist-info/METADATA"] = "Metadata-Version: 2.1\nName: awkward\nVersion: 1.0\n"
    files[f"{NAME}.dist-info/WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = f"{NAME}.dist-info/RECORD"
    files[record] = "".join(f"{name},,\n" for name in [*sorted(files), record])
    with zipfile.ZipFile(folder / f"{NAME}-py3-none-any.whl", "w") as wheel:
        for name, text in sorted(files.items()):
            wheel.writestr(zipfile.ZipInfo(name), text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
