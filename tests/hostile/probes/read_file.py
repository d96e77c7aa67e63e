# Reads a file.
open("/etc/passwd").read()
