# A dictionary whose keys all collide.
class Key:
    def __hash__(self):
        return 1


keys = {Key(): None for _ in range(10**6)}
