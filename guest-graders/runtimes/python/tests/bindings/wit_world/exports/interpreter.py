"""The records of `gradebox:runtime/interpreter`."""

from dataclasses import dataclass


@dataclass
class Language:
    name: str
    version: str
    aliases: list
    extensions: list


@dataclass
class Stop_Raised:
    value: object


@dataclass
class Stop_Exited:
    value: int


@dataclass
class Outcome:
    value: object
    args_after: list
