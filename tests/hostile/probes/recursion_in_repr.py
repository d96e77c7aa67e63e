# A list nested deeper than any stack.
nest = []
for _ in range(10**6):
    nest = [nest]
print(repr(nest))
