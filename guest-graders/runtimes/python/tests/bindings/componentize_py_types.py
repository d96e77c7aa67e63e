"""Stands for the module of the same name that componentize-py generates."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Err(Exception):
    value: object
