# An endless loop within one call into C.
sum(iter(int, 1))
