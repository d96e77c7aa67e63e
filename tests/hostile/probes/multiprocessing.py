# Starts processes of Python.
import multiprocessing

multiprocessing.Process(target=print).start()
