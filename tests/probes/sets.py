# The order of sets and what depends on it.
words = "the quick brown fox jumps over the lazy dog and runs far away".split()
print(set(words))
print(frozenset(words) | {1, 2.5, None, True, (1, "a"), b"bytes"})
print(list({word: len(word) for word in set(words)}))
print(hash("abc"), hash(b"abc"), hash(""), hash(("a", 1)), hash(2.5), hash(frozenset(words)))
print(min(set(words), key=len), set(words).pop())
print({*"mississippi"}, sorted({*"mississippi"}))
