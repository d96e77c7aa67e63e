"""Packages of PyPI in a component: everything is imported before the snapshot, for there are no files after it."""
