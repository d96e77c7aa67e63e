# Runs bytecode that takes more from the stack than there is.
import dis


def victim():
    return 1


victim.__code__ = victim.__code__.replace(co_code=bytes([dis.opmap["POP_TOP"], 0] * 1000))
victim()
