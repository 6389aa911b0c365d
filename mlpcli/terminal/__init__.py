"""The edge to the person: arguments in, words and progress out, exit codes."""
