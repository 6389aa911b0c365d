"""A model as one file of Python, with the standard library alone or with NumPy."""
