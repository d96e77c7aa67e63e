# JSON nested deeper than any stack.
import json

json.loads("[" * 10**6)
