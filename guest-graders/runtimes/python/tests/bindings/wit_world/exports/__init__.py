"""Stands for the generated bindings of what the runtime exports."""
