# Bottomless recursion, with Python's own limit raised.
import sys

sys.setrecursionlimit(10**9)


def descend():
    return descend()


descend()
