"""The command line: each command parses its arguments, calls one function and gives an exit code."""

import os
import sys
from contextlib import redirect_stdout

from mlpcli.cli.elsewhere import export
from mlpcli.cli.learning import doctor, init, schema, train
from mlpcli.cli.network import gradcheck, inspect, trace
from mlpcli.cli.questions import drift, explain
from mlpcli.cli.reports import compare, report
from mlpcli.cli.scoring import evaluate, predict
from mlpcli.cli.searching import search
from mlpcli.cli.together import after_the_first, follows, has_nothing_to_do
from mlpcli.cli.tracking import log
from mlpcli.errors import ExitCode
from mlpcli.terminal.application import NAME, Command, app
from mlpcli.terminal.arguments import with_default_layer, with_named_command
from mlpcli.terminal.process import guarded
from mlpcli.terminal.usage import ClickException, usage_error

for command in (
    train,
    predict,
    evaluate,
    compare,
    search,
    explain,
    drift,
    report,
    export,
    log,
    init,
    inspect,
    gradcheck,
    trace,
    doctor,
    schema,
):  # the order of `--help`
    app.command(cls=Command)(command)


COMPLETING = "_MLP_COMPLETE"  # by which a shell asks what may come next; it reads standard output


def main() -> None:
    """The entrance of the `mlp` script."""
    guarded(lambda: run(sys.argv[1:]))


def run(arguments: list[str]) -> object:
    """Run the command that the arguments name; what it returns is an exit code, none means done.

    Raises UsageError. Without arguments the help is shown, and no command is wrong usage.
    """
    if not arguments and COMPLETING not in os.environ:
        with redirect_stdout(sys.stderr):
            app(["--help"], standalone_mode=False, prog_name=NAME)
        return ExitCode.USAGE
    if has_nothing_to_do(arguments):
        return ExitCode.DONE
    chosen = with_named_command(app, arguments)
    try:
        return chosen(with_default_layer(arguments), standalone_mode=False, prog_name=NAME)
    except Exception as error:
        if not isinstance(error, ClickException):
            raise
        if follows():
            return after_the_first(ExitCode.USAGE)
        raise usage_error(error, arguments) from error
