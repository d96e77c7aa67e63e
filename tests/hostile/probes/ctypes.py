# Reaches for the C library.
import ctypes

ctypes.CDLL(None).abort()
