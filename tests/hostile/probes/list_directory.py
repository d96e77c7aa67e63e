# Lists a directory.
import os

os.listdir("/")
