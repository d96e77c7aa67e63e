# An endless loop on the way out.
try:
    raise ValueError("out")
finally:
    while True:
        pass
