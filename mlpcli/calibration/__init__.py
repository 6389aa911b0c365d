"""What is fitted after the weights, on rows that did not train: a temperature, a threshold, intervals."""
