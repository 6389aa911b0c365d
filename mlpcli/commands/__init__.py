"""One module a command: each composes the other rooms and returns a value to be rendered."""
