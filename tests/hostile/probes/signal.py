# Asks for a signal.
import signal

signal.alarm(1)
