# Rewrites the frames that called it.
import sys

frame = sys._getframe()
while frame := frame.f_back:
    frame.f_globals.clear()
print("x")
