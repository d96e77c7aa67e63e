# Sorting that sorts, with Python's own limit raised.
import sys

sys.setrecursionlimit(10**9)


def key(item):
    return sorted([item], key=key)


key(1)
