"""The component that componentize-py takes a snapshot of: Math-Verify behind the grader's contract."""

import json

# First: it brings SymPy and all that SymPy may need.
from gradebox_math_verify import snapshot

from gradebox_math_verify import comparison
from gradebox_math_verify.description import EXAMPLES, PARAMETERS, SUMMARY, VERSION

from componentize_py_types import Err
from wit_world.exports.descriptor import Description
from wit_world.imports.types import (
    GradeError_Internal,
    GradeError_InvalidParams,
    GradeError_InvalidSample,
    Sample,
    Scale,
    Score,
    Verdict,
    Verdict_Scored,
    Verdict_Undecided,
)


class Descriptor:
    def describe(self) -> Description:
        return Description(
            name="math-verify",
            version=VERSION,
            summary=SUMMARY,
            scale=Scale(worst=0.0, best=1.0),
            required_fields=[["reference"]],
            optional_fields=[],
            params_schema=json.dumps(PARAMETERS),
            examples=json.dumps(EXAMPLES),
            extra="{}",
        )


class Pointwise:
    def grade(self, sample: Sample, params: str) -> Verdict:
        try:
            options = comparison.options(json.loads(params))
        except ValueError as error:
            raise Err(GradeError_InvalidParams(str(error))) from None
        if not (sample.reference or "").strip():
            raise Err(GradeError_InvalidSample("the column `reference` is missing or empty"))
        opinion = comparison.compare(sample.reference, sample.response, options)
        if snapshot.watch.unexpected:
            names = ", ".join(snapshot.watch.unexpected)
            raise Err(GradeError_Internal(f"modules are missing in the component, no verdict without them: {names}"))
        if opinion.equal is None:
            return Verdict_Undecided(opinion.reason)
        return Verdict_Scored(Score(float(opinion.equal), opinion.reason, json.dumps(opinion.details)))


snapshot.prepare()
