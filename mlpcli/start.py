"""The entrance of the `mlp` script: an interrupt ends it at once and silently while the program loads."""

from __future__ import annotations

import signal


def main() -> None:
    """Load the program and run it; signals mean what they should from the first moment on."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # which raises wherever it may be
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from mlpcli.libraries import take_less

    take_less()
    from mlpcli.cli import main as command_line

    command_line()
