"""Imported by a function only."""

VALUE = "imported when it was asked for"
