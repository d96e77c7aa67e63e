"""Math-Verify as a grader: what it is told, how its answers are read, and what the snapshot holds."""
