# Replaces what everything else relies on.
import builtins

builtins.len = builtins.isinstance = builtins.str = builtins.print = lambda *_: 1 / 0
print("x")
