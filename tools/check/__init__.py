"""The rules of this repository that a tool can check: `python -m tools.check`, a part of `make check`.

Each rule is a function that returns one line for each violation. The imports between parts are another such rule:
tests/structure/test_imports.py.
"""
