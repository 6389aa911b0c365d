"""The parts of an exported file of Python: each stands in it word for word, without its own imports.

They need the standard library of Python 3.9 alone, the same for every version after it.
"""
