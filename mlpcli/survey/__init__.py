"""What a table holds, seen with one pair of eyes: `mlp init` writes it down, `mlp train` notes it."""
