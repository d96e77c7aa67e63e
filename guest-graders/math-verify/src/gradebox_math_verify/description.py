"""Who the grader is and what it may be told."""

VERSION = "0.1.0"

SUMMARY = "Compares the final answer with the reference as Math-Verify 0.9.0 and SymPy 1.14.0 do"

DEFAULTS = {"float_rounding": 6, "numeric_precision": 15, "strict": True, "allow_set_relation_comp": False}
"""The options of `math_verify.verify`, under its own names and with its own defaults."""

PARAMETERS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "float_rounding": {
            "type": "integer",
            "minimum": 0,
            "default": DEFAULTS["float_rounding"],
            "description": "Decimal places to which decimal numbers are rounded before they are compared",
        },
        "numeric_precision": {
            "type": "integer",
            "minimum": 1,
            "default": DEFAULTS["numeric_precision"],
            "description": "Digits to which expressions are evaluated",
        },
        "strict": {
            "type": "boolean",
            "default": DEFAULTS["strict"],
            "description": "Whether the names of variables matter, and sets differ from tuples",
        },
        "allow_set_relation_comp": {
            "type": "boolean",
            "default": DEFAULTS["allow_set_relation_comp"],
            "description": "Whether an inequality may answer a reference that is a set",
        },
    },
}


def _example(response, reference, outcome):
    return {"sample": {"query": "q", "response": response, "reference": reference}, "params": {}, "verdict": outcome}


EXAMPLES = [
    _example("So \\boxed{\\frac{1}{2}}.", "0.5", {"outcome": "scored", "value": 1.0}),
    _example("The answer is $\\frac{1}{3}$.", "0.5", {"outcome": "scored", "value": 0.0}),
    _example("$\\tan^2(y) + 1$", "\\sec^2(y)", {"outcome": "scored", "value": 1.0}),
    _example("It cannot be known.", "7", {"outcome": "undecided"}),
]
