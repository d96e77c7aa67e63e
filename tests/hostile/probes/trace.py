# Runs code at every line of whoever comes next.
import sys


def trace(frame, event, argument):
    frame.f_locals.clear()
    raise KeyboardInterrupt


sys.settrace(trace)
sys.setprofile(trace)
print("x")
