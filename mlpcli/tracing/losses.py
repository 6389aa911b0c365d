"""The loss and its derivative as a lesson writes them, for so many rows of so many outputs."""

from __future__ import annotations

from mlpcli.nn.losses import Loss


def loss_text(loss: Loss, outputs: int, rows: int, *, weighted: bool) -> str:
    """The loss of the rows of a batch: `½ (y − ŷ)²`, with what is done with rows before it."""
    of_row = _filled(loss, loss.spec.row_text, outputs)
    if outputs == 1:  # a sum of one
        of_row = of_row.replace("Σ ", "")
    of_row = f"w ({of_row})" if weighted else of_row
    if rows == 1:
        return of_row
    before = "Σ over the rows of " if loss.reduction == "sum" else "mean over the rows of "
    return f"{before}{of_row}"


def slope_text(loss: Loss, outputs: int, rows: int, *, weighted: bool) -> str:
    """The derivative of the loss of a batch by what it is computed from."""
    slope = _filled(loss, loss.spec.slope_text, outputs)
    is_product = slope.endswith(")") or " " not in slope
    divided = rows > 1 and loss.reduction != "sum"
    if not is_product and (divided or weighted):
        slope = f"({slope})"
    return f"{'w ∘ ' if weighted else ''}{slope}{f' / {rows}' if divided else ''}"


def _filled(loss: Loss, text: str, outputs: int) -> str:
    """The text with its factors: of a number before a sum, and of the mean over outputs."""
    factor = float(getattr(loss.spec, "factor", 0.5))
    words = {
        "{f}": "½ " if factor == 0.5 else f"{factor:g} ",
        "{2f}": "" if factor == 0.5 else f"{2 * factor:g} ",
        "{1/K}": "" if outputs == 1 else f"1/{outputs} ",
        "{2/K}": "2 " if outputs == 1 else f"2/{outputs} ",
    }
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
