# Reads the memory of its process.
open("/proc/self/mem", "rb").read(1)
