"""Gradebox's Python runtime: what stands between the host and the program that it runs."""
