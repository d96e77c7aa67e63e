# An exception with a text of fifty million characters.
raise ValueError("x" * 5 * 10**7)
