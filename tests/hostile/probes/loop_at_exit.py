# An endless loop after the last line.
import atexit


@atexit.register
def linger():
    while True:
        pass


print("the program ends here")
