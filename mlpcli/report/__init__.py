"""The page of a run: everything that it shows as one checked document, and how that is drawn."""
