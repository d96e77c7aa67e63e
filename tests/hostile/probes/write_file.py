# Writes a file.
open("/tmp/probe", "w").write("x")
