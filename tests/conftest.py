"""Settings of all tests."""

from __future__ import annotations

import gc
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import scipy.linalg
import typer.main
from hypothesis import settings
from threadpoolctl import threadpool_limits

from tests.support import commands_built, error_paths

# no test may depend on how fast a machine is, and the same examples are tried every time
settings.register_profile("mlp", max_examples=50, deadline=None, derandomize=True, database=None)
settings.load_profile("mlp")

# where a script starts the suite with &, SIGINT is ignored, under nohup SIGHUP is; a runner may block others;
# and every process that a test starts inherits it
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)
signal.pthread_sigmask(signal.SIG_SETMASK, ())

error_paths.watch()

# no test cuts the power, and waiting for the disk would be a good part of the time; which calls are made, in
# which order, and what becomes of their errors is tested above this one (artifacts/test_atomic.py)
os.fsync = os.fstat

# a second thread for products of small matrices does nothing but wait, on a processor that another test has;
# what trains with more threads says so itself
assert scipy.linalg.blas, "all libraries of this kind are loaded now"
with ThreadPoolExecutor(1) as passing:  # the thread that sets a number would have it to itself
    passing.submit(threadpool_limits, 1, "blas").result()

# a third of the time of a small command in this process would go into building its parser again
typer.main.get_command = commands_built.once(typer.main.get_command)


def pytest_collection_finish() -> None:
    """What has been imported and collected stays: garbage is looked for as seldom as by a command."""
    from mlpcli.terminal.process import SELDOM

    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process of pytest-xdist has ended: take over which errors it saw."""
    error_paths.raised.update(getattr(node, "workeroutput", {}).get("raised", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where the whole suite has run, and an error of the package was never raised."""
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["raised"] = sorted(error_paths.raised)
    elif _ran_everything(config) and session.exitstatus == pytest.ExitCode.OK:
        untested = error_paths.every_place() - error_paths.raised
        config.stash[UNTESTED] = sorted(untested)
        if untested:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name them."""
    for place in config.stash.get(UNTESTED, ()):
        terminalreporter.line(f"FAILED {place}: no test in this process raises this error", red=True)


UNTESTED = pytest.StashKey[list[str]]()


def _ran_everything(config: pytest.Config) -> bool:
    if config.option.collectonly:
        return False
    given = config.invocation_params.args
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not {"-k", "-m", "--lf"} & set(given)
