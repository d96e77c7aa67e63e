# Output without end.
while True:
    print("line")
