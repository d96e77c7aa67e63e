# Recursion that goes through C at every step.
class Deep:
    def __getattr__(self, name):
        return getattr(self, name)


Deep().anything
