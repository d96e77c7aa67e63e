# An endless loop that swallows whatever is thrown into it.
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
