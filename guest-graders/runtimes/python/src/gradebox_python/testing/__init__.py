"""Tests that are Python code, apart from the program that they test.

Two programs take part, each in a sandbox of its own: the test, which is trusted, and the program under test, which is
not. The test knows the program as its peer `*`. `running` runs one test; `names` finds what the test does not define;
`asking` speaks to the program, `stand_ins` are its objects, `sending` takes the test's own objects to it. On the other
side `answering` does what the test asks.

What the program answers is data: it is read without running any code, and an object that is no plain value stays where
it is and is spoken of by number. So the test compares real values by their real types, and whatever the program does to
its own interpreter happens to itself only.
"""
