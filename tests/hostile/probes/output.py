# A gigabyte of output.
print("x" * 2**20 * 1000)
