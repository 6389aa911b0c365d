"""From a table to matrices, and from a network's outputs back to the words of the table."""
