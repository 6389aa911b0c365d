"""Tables in other formats than CSV: each says what its columns are and gives blocks of cells with types."""
