# Errors without end.
import sys

while True:
    sys.stderr.write("x" * 2**16)
