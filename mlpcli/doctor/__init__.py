"""Looks a run over before an hour is spent on it: its data, its network, its optimizer, what it will take."""
