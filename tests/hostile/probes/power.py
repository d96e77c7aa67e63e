# One operation that takes for ever.
7 ** 10**8
