"""The gradient check: is the gradient that training follows the derivative of the loss it reports?"""

from mlpcli.nn.gradcheck.against import compare_gradients
from mlpcli.nn.gradcheck.check import CheckOptions, check
from mlpcli.nn.gradcheck.objective import Batch
from mlpcli.nn.gradcheck.report import ArrayCheck, EntryCheck, Moved, Report

__all__ = [
    "ArrayCheck",
    "Batch",
    "CheckOptions",
    "EntryCheck",
    "Moved",
    "Report",
    "check",
    "compare_gradients",
]
