"""Keeps what is left over of imports out of the snapshot, which stores every page that is not zero."""

import gc

_LARGEST = 20
_SMALLEST = 5


def clear():
    """Overwrites with zeros what is free in the heap: compiling some thousand modules leaves a lot."""
    gc.collect()
    blocks = [bytes(1 << _LARGEST)]
    top = id(blocks[0])
    for power in range(_LARGEST, _SMALLEST, -1):
        while True:
            block = bytes(1 << power)
            if id(block) >= top:
                break
            blocks.append(block)
