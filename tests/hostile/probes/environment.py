# Looks for keys in the environment.
import os

print(os.environ["OPENAI_API_KEY"])
