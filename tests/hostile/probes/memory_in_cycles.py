# Garbage that nobody collects.
import gc

gc.disable()
while True:
    ring = [bytearray(1 << 16)]
    ring.append(ring)
