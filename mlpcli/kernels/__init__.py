"""Elementwise formulas, written once as array expressions and run without a temporary array."""
