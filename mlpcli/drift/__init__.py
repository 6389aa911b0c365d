"""How columns are distributed where a model was trained, and whether other rows are distributed alike."""
