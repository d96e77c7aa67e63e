"""Is the response short enough?"""

from dataclasses import dataclass

import gradebox
from gradebox import Example, InvalidParams, NotApplicable, Sample, Scored, Verdict


@dataclass
class Params:
    words: int = 100
    """The most words that a response may have."""


def grade(sample: Sample, params: Params) -> Verdict:
    if params.words < 1:
        raise InvalidParams("words", "must be above 0")
    words = len(sample.response.split())
    if words == 0:
        return NotApplicable("there is no word in the response")
    if words <= params.words:
        return Scored(1.0, f"{words} words, at most {params.words}")
    reason = f"{words} words; leave out {words - params.words} to keep to {params.words}"
    return Scored(params.words / words, reason, {"words": words})


Descriptor, Pointwise = gradebox.pointwise(
    grade,
    name="word-limit",
    summary="Scores responses by how far they keep to a limit of words.",
    params=Params,
    examples=[
        Example({"response": "short"}, value=1.0),
        Example({"response": "one two"}, {"words": 1}, value=0.5),
        Example({"response": " "}, outcome="not-applicable"),
        Example({"response": "short"}, {"words": 0}, error="invalid-params"),
    ],
)
