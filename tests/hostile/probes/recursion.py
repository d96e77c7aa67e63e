# Bottomless recursion.
def descend():
    return descend()


descend()
