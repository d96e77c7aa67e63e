# Runs bytecode that no compiler made.
def victim():
    return 1


victim.__code__ = victim.__code__.replace(co_code=bytes([255, 0] * 100), co_stacksize=1)
victim()
