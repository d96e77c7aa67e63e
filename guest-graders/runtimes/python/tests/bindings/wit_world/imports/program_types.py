"""The records of `gradebox:grader/program-types`."""

from dataclasses import dataclass


@dataclass
class Call:
    target: str
    args: list
    kwargs: list


@dataclass
class Action_Script:
    pass


@dataclass
class Action_Call:
    value: Call


@dataclass
class Action_Evaluate:
    value: str


@dataclass
class Raised:
    kind: str
    message: str
    line: object
    traceback: str


@dataclass
class Diagnostic:
    line: int
    column: int
    message: str
