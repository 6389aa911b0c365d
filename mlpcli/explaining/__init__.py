"""What a model's predictions depend on: importance, dependence, columns that are alike."""
