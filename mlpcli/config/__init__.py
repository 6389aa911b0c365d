"""The configuration language: YAML text to a checked specification, every problem with its place."""
