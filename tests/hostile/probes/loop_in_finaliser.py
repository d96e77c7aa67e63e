# An endless loop when an object dies.
class Undying:
    def __del__(self):
        while True:
            pass


Undying()
