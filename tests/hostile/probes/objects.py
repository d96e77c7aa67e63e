# Empties every dictionary that it can find.
import gc

for thing in gc.get_objects():
    if type(thing) is dict:
        thing.clear()
print("x")
