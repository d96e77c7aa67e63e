"""A grader in Python: is the response short enough?"""

import json

from componentize_py_types import Err
from wit_world.exports.descriptor import Description
from wit_world.imports import log
from wit_world.imports.types import GradeError_InvalidParams, Sample, Scale, Score, Verdict, Verdict_Scored


class Descriptor:
    def describe(self) -> Description:
        return Description(
            name="word-limit",
            version="0.1.0",
            summary="Scores responses by how far they keep to a limit of words.",
            scale=Scale(worst=0.0, best=1.0),
            required_fields=[],
            optional_fields=[],
            params_schema=json.dumps({"type": "object", "properties": {"words": {"type": "integer", "default": 100}}}),
            examples=json.dumps([
                {"sample": {"response": "short"}, "params": {}, "verdict": {"outcome": "scored", "value": 1.0}},
                {"sample": {"response": "one two"}, "params": {"words": 1}, "verdict": {"outcome": "scored", "value": 0.5}},
            ]),
            extra="{}",
        )


class Pointwise:
    def grade(self, sample: Sample, params: str) -> Verdict:
        limit = json.loads(params).get("words", 100)
        if not isinstance(limit, int) or limit < 1:
            raise Err(GradeError_InvalidParams(f"parameter `words` is {limit!r}; it must be a whole number above 0"))
        words = len(sample.response.split())
        log.emit(log.Level.DEBUG, f"{words} words")
        if words <= limit:
            return Verdict_Scored(Score(1.0, f"{words} words, at most {limit}", "{}"))
        reason = f"{words} words; leave out {words - limit} to keep to {limit}"
        return Verdict_Scored(Score(limit / words, reason, json.dumps({"words": words})))
