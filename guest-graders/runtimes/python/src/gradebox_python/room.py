"""Memory that is taken before everything else is there, so that it lies below it.

The build gives it to what every program writes to. The engine restores what was written to from below, and gives up
after a number of pages: what lies low is restored best.
"""

_SIZE = 4 << 20

_taken = bytearray(_SIZE)


def release():
    _taken.clear()
