# Text that has no encoding.
print("\ud800")
