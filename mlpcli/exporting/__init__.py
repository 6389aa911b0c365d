"""A trained model as a program of another kind: what it computes, and how each format says that."""
