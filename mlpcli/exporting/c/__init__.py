"""A model as a file of C99 and its header."""
