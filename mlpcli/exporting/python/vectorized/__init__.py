"""The parts of an exported file of Python that have all rows at once, and need NumPy for that.

Together with those of `runtime` that look at one text at a time; each stands in the file word for word.
"""
