# More memory than there are addresses.
hoard = [0] * 10**10
