# Source nested deeper than any stack.
eval("(" * 10**6)
