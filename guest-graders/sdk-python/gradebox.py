"""Write a Gradebox grader in Python.

    import gradebox
    from gradebox import Sample, Scored

    def grade(sample: Sample, params: None) -> Scored:
        polite = "thank" in sample.response.lower()
        return Scored(1.0, "thanks were said") if polite else Scored(0.0, "say thank you")

    Descriptor, Pointwise = gradebox.pointwise(grade, name="polite", summary="Is there a word of thanks?")

`gradebox build` makes the component. A function that raises anything but `InvalidSample` or `InvalidParams` ends the
grade as a failure of the grader, with the traceback; it is never a score.

The file is plain Python: unit tests import it and call their `grade` function directly. Everything that a grader
imports must be imported at the top of a module: nothing can be imported once the component is built.
"""

import dataclasses
import json
import traceback
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Union, get_args, get_origin, get_type_hints

try:
    from componentize_py_types import Err, Ok, Some
    from wit_world.exports import descriptor as _descriptor
    from wit_world.imports import types as _types
except ImportError:  # outside a component, where unit tests run
    _types = None
try:
    from wit_world.exports import listwise as _listwise
except ImportError:
    _listwise = None
try:
    from wit_world.imports import log as _log
except ImportError:
    _log = None
try:
    from wit_world.imports import programs as _programs, program_types as _program_types
except ImportError:
    _programs = None
try:
    from wit_world.imports import models as _models
except ImportError:
    _models = None


@dataclass(frozen=True)
class Message:
    """One turn of the conversation. `extra` is what else the turn had: tool calls, a name."""

    role: str
    content: str
    extra: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """One response to judge, with what it answers."""

    response: str
    id: str = ""
    messages: list[Message] = field(default_factory=list)
    """The conversation up to, and without, the response."""
    reference: Optional[str] = None
    """The gold answer: a string as it is, any other value as its JSON text."""
    fields: dict[str, Any] = field(default_factory=dict)
    """The columns that the description asks for."""

    def field(self, column: str) -> Any:
        """A column that must be there; raises `InvalidSample` where it is not."""
        if column not in self.fields:
            raise InvalidSample(column, "is missing")
        return self.fields[column]


@dataclass(frozen=True)
class Scored:
    """The response was judged. `value` lies on the grader's own scale."""

    value: float
    reason: str
    """Why, in words that a model can act on."""
    details: dict = field(default_factory=dict)
    """Evidence: failing cases, line and column, parsed values."""


@dataclass(frozen=True)
class NotApplicable:
    """The grader has nothing to say of this sample."""

    reason: str


@dataclass(frozen=True)
class Undecided:
    """It looked and cannot tell; never counted as right or as wrong."""

    reason: str


Verdict = Union[Scored, NotApplicable, Undecided]


@dataclass(frozen=True)
class Ranked:
    """An order of several responses: position i holds the rank of response i; 1 is best, ties share a rank."""

    ranks: list[int]
    reason: str


Order = Union[Ranked, NotApplicable, Undecided]


class InvalidSample(Exception):
    """A column is missing or malformed. Says which, what is wrong and what was expected."""

    def __init__(self, column: str, problem: str):
        super().__init__(f"column `{column}`: {problem}")


class InvalidParams(Exception):
    """A parameter does not fit. Says which, what is wrong and what was expected."""

    def __init__(self, parameter: str, problem: str):
        super().__init__(f"parameter `{parameter}`: {problem}")


@dataclass(frozen=True)
class Example:
    """A golden case, which `gradebox check` runs: a row, parameters, and one of `value`, `outcome`, `error`."""

    sample: dict
    params: dict = field(default_factory=dict)
    value: Optional[float] = None
    """The value of a scored response."""
    outcome: Optional[str] = None
    """`not-applicable` or `undecided`."""
    error: Optional[str] = None
    """`invalid-sample` or `invalid-params`."""

    def to_json(self) -> dict:
        if self.error is not None:
            verdict = {"outcome": "error", "kind": self.error}
        elif self.value is not None:
            verdict = {"outcome": "scored", "value": self.value}
        else:
            verdict = {"outcome": self.outcome}
        return {"sample": self.sample, "params": self.params, "verdict": verdict}


def pointwise(
    grade: Callable[[Sample, Any], Verdict],
    *,
    name: str,
    summary: str,
    version: str = "0.1.0",
    scale: tuple[float, float] = (0.0, 1.0),
    params: Optional[type] = None,
    required_fields: list[list[str]] = [],
    optional_fields: list[str] = [],
    examples: list[Example] = [],
) -> tuple[type, type]:
    """Makes `grade` the grader of the component: assign the two classes to `Descriptor` and `Pointwise`.

    `scale` is (worst, best). `params` is a dataclass whose fields have defaults or are required; `grade` receives an
    instance of it, or None. Each inner list of `required_fields` is a group of columns of which one must be there.
    """

    def answer(sample, text):
        return _guarded(lambda: _verdict(grade(_sample(sample), _read_params(params, text))))

    exported = type("Pointwise", (), {"grade": lambda self, sample, text: answer(sample, text)})
    return _describing(name, version, summary, scale, params, required_fields, optional_fields, examples), exported


def listwise(
    rank: Callable[[list[Message], list[str], dict, Any], Order],
    *,
    name: str,
    summary: str,
    version: str = "0.1.0",
    params: Optional[type] = None,
    required_fields: list[list[str]] = [],
    optional_fields: list[str] = [],
    examples: list[Example] = [],
) -> tuple[type, type]:
    """Makes `rank(messages, responses, fields, params)` the grader of the component: assign the two classes to
    `Descriptor` and `Listwise`, and export `listwise` instead of `pointwise` in wit/world.wit."""

    def answer(messages, responses, fields, text):
        messages = [_message(message) for message in messages]
        return _guarded(lambda: _order(rank(messages, responses, json.loads(fields), _read_params(params, text))))

    exported = type("Listwise", (), {"rank": lambda self, *arguments: answer(*arguments)})
    return _describing(name, version, summary, (0.0, 1.0), params, required_fields, optional_fields, examples), exported


class log:
    """Lines for whoever debugs the grader, shown by `gradebox grade -v`; needs `import gradebox:grader/log@0.1.0;` in
    wit/world.wit. Nowhere to be seen in unit tests."""

    @staticmethod
    def debug(message: str) -> None:
        _emit("DEBUG", message)

    @staticmethod
    def info(message: str) -> None:
        _emit("INFO", message)

    @staticmethod
    def warn(message: str) -> None:
        _emit("WARN", message)

    @staticmethod
    def error(message: str) -> None:
        _emit("ERROR", message)


@dataclass(frozen=True)
class Execution:
    """What an untrusted program did; nothing in it is to be trusted beyond "this is what the program said"."""

    ending: str
    """`completed`, `raised`, `exited`, `timed-out`, `out-of-memory`, `stack-overflow`, `output-exceeded`, `crashed`."""
    stdout: str
    stderr: str
    problem: str = ""
    """The exception's type and message, the exit code, or how the sandbox crashed."""


def run_program(source: str, stdins: list[str], *, language: str = "python", cpu_ms: Optional[int] = None) -> list[Execution]:
    """Runs an untrusted program once for each standard input, each in a fresh sandbox; needs
    `import gradebox:grader/programs@0.1.0;` in wit/world.wit."""
    programs = _granted(_programs, "programs")
    program = programs.Program(language, source, programs.Limits(cpu_ms, None, None))
    inputs = [programs.Input(_program_types.Action_Script(), stdin.encode()) for stdin in stdins]
    return [_execution(execution) for execution in programs.run_all(program, inputs)]


def ask_model(role: str, messages: list[Message], **options: Any) -> dict:
    """Asks the model that the configuration gives to `role`; its reply has `content`, `finish_reason` and `usage`.
    Needs `import gradebox:grader/models@0.1.0;` in wit/world.wit. A call that fails ends the grade in the host."""
    models = _granted(_models, "models")
    asked = [_types.Message(turn.role, turn.content, json.dumps(turn.extra) if turn.extra else None) for turn in messages]
    return json.loads(models.complete(role, asked, json.dumps(options)))


# What crosses the component's boundary.


def _describing(name, version, summary, scale, params, required_fields, optional_fields, examples):
    def describe(self):
        return _descriptor.Description(
            name=name,
            version=version,
            summary=summary,
            scale=_types.Scale(*map(float, scale)),
            required_fields=required_fields,
            optional_fields=optional_fields,
            params_schema=json.dumps(params_schema(params)),
            examples=json.dumps([example.to_json() for example in examples]),
            extra="{}",
        )

    return type("Descriptor", (), {"describe": describe})


def _guarded(answer):
    """A typed error for whatever is raised."""
    try:
        return answer()
    except InvalidSample as error:
        raise Err(_types.GradeError_InvalidSample(str(error)))
    except InvalidParams as error:
        raise Err(_types.GradeError_InvalidParams(str(error)))
    except Exception:
        raise Err(_types.GradeError_Internal(traceback.format_exc()))


def _message(message):
    return Message(message.role, message.content, json.loads(message.extra) if message.extra else {})


def _sample(sample):
    return Sample(
        response=sample.response,
        id=sample.id,
        messages=[_message(message) for message in sample.messages],
        reference=sample.reference,
        fields=json.loads(sample.fields),
    )


def _verdict(verdict):
    if isinstance(verdict, Scored):
        return _types.Verdict_Scored(_types.Score(float(verdict.value), verdict.reason, json.dumps(verdict.details)))
    if isinstance(verdict, NotApplicable):
        return _types.Verdict_NotApplicable(verdict.reason)
    if isinstance(verdict, Undecided):
        return _types.Verdict_Undecided(verdict.reason)
    raise TypeError(f"the grader returned {verdict!r}; return Scored, NotApplicable or Undecided")


def _order(order):
    if isinstance(order, Ranked):
        return _listwise.Order_Ranked(_listwise.Ranking(order.ranks, order.reason))
    if isinstance(order, NotApplicable):
        return _listwise.Order_NotApplicable(order.reason)
    if isinstance(order, Undecided):
        return _listwise.Order_Undecided(order.reason)
    raise TypeError(f"the grader returned {order!r}; return Ranked, NotApplicable or Undecided")


def _execution(execution):
    kind = type(execution.ending).__name__.removeprefix("Ending_")
    name = "".join("-" + letter.lower() if letter.isupper() else letter for letter in kind).lstrip("-")
    value = getattr(execution.ending, "value", "")
    problem = f"{value.kind}: {value.message}" if name == "raised" else str(value)
    return Execution(name, execution.stdout.decode(errors="replace"), execution.stderr.decode(errors="replace"), problem)


def _emit(level, message):
    if _types is not None:
        _granted(_log, "log").emit(_log.Level[level], message)


def _granted(module, name):
    if module is None:
        raise RuntimeError(f"add `import gradebox:grader/{name}@0.1.0;` to wit/world.wit and build again")
    return module


# Parameters: a dataclass, its JSON Schema, and reading it.

_JSON_TYPES = {int: "integer", float: "number", bool: "boolean", str: "string", list: "array", dict: "object"}


def params_schema(params: Optional[type]) -> dict:
    """The JSON Schema of a dataclass of parameters; unknown keys are refused."""
    properties, required = {}, []
    for name, kind, default in _parameters(params):
        properties[name] = {"type": _JSON_TYPES[_plain(name, kind)]}
        if default is dataclasses.MISSING:
            required.append(name)
        else:
            properties[name]["default"] = default
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _read_params(params, text):
    given = json.loads(text)
    values, known = {}, []
    for name, kind, default in _parameters(params):
        known.append(name)
        plain = _plain(name, kind)
        if name not in given:
            if default is dataclasses.MISSING:
                raise InvalidParams(name, "is missing")
            continue
        value = float(given[name]) if plain is float and type(given[name]) is int else given[name]
        if type(value) is not plain:
            raise InvalidParams(name, f"is {json.dumps(value)}; it must be of type {_JSON_TYPES[plain]}")
        values[name] = value
    for name in given:
        if name not in known:
            raise InvalidParams(name, f"is unknown; there {'is' if len(known) == 1 else 'are'} {', '.join(known) or 'none'}")
    return params(**values) if params is not None else None


def _parameters(params):
    if params is None:
        return
    hints = get_type_hints(params)
    for item in dataclasses.fields(params):
        default = item.default if item.default_factory is dataclasses.MISSING else item.default_factory()
        yield item.name, hints[item.name], default


def _plain(name, kind):
    """The class of a JSON value for a type hint such as `list[str]` or `Optional[int]`."""
    if get_origin(kind) is Union:
        raise TypeError(f"parameter `{name}`: {kind} is not supported; give it one type and a default")
    plain = get_origin(kind) or kind
    if plain not in _JSON_TYPES:
        raise TypeError(f"parameter `{name}`: {kind} is not one of {', '.join(t.__name__ for t in _JSON_TYPES)}")
    return plain
