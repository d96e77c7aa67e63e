# Starts a process.
import subprocess

subprocess.run(["id"])
