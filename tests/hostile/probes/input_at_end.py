# Reads on when there is no input.
while True:
    input()
