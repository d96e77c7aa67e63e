# An expression that the compiler descends into.
eval("-" * 10**6 + "1")
