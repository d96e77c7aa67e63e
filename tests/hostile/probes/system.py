# Starts a shell.
import os

os.system("id")
