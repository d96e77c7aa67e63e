import sys
print(sys.stdin.read(), sys.stdin.encoding, sys.stdout.encoding, sys.stdin.isatty())
try:
    input("more? ")
except EOFError as error:
    print("EOFError", error)
print("to the other channel", file=sys.stderr)
sys.exit("with a message")
