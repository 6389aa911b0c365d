"""Figures of a page: plain SVG, each drawn from a part of the document."""
