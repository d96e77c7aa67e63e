# Starts a process by fork.
import os

os.fork()
