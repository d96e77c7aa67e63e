# Memory taken in large blocks.
hoard = []
while True:
    hoard.append(bytearray(1 << 20))
