"""`python -m mlpcli` is `mlp`, for where its script is not on the path."""

from __future__ import annotations

from mlpcli.start import main

if __name__ == "__main__":
    main()
