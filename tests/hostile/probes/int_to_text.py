# A number with more digits than may be printed.
print(10 ** 10**5)
