"""Stands for the bindings that componentize-py generates from `wit/`."""
