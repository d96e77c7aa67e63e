# Memory asked for at once.
hoard = [0] * (2 * 10**8)
