"""From what a table holds to a config that trains, each line with the reason for it."""
