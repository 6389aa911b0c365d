"""Elementwise formulas, written once as array expressions and run without a temporary array.

To be read in this order: `kernel` (what may stand in a formula, and where its values are kept), `expression`,
`in_place`.
"""
