# Output that goes on after it was refused.
while True:
    try:
        print("x" * 2**16)
    except BaseException:
        pass
