import itertools, math, sys
print(2 ** 200, -7 // 2, -7 % 3, divmod(10 ** 30, 7), math.factorial(30), pow(3, 10 ** 6, 10 ** 9 + 7))
print(sys.maxsize, sys.hash_info.modulus, sys.float_info.dig, sys.byteorder, (255).to_bytes(2, "big"))
print(math.isqrt(10 ** 40 + 1), (2 ** 89 - 1).bit_length(), int("7" * 300) % 997)
print(list(itertools.accumulate(range(1, 8), lambda a, b: a * b)))
