"""Where a study is kept: a journal file, a database, or Optuna's own server before one."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlpcli.errors import MlpError, OutputError, Place, UsageError
from mlpcli.extras import optional
from mlpcli.storage.output_errors import output_errors

if TYPE_CHECKING:
    from optuna.storages import BaseStorage

JOURNAL: Final = "journal.log"  # in a study's directory
KINDS: Final = "journal:PATH, sqlite:///PATH, postgresql://..., mysql://... or grpc://HOST:PORT"
GRPC: Final = re.compile(r"grpc://([^:/]+|\[[0-9a-fA-F:]+\]):([0-9]{1,5})")
LAST_PORT: Final = (1 << 16) - 1
DATABASES: Final = ("sqlite", "postgresql", "mysql")
OF_STORAGES: Final = frozenset(
    {"optuna", "sqlalchemy", "grpc"}
)  # packages whose errors are those of a storage
PACKAGES: Final = {
    "grpc": "grpcio protobuf",
    "psycopg": "'psycopg[binary]'",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
}  # by module


def require_optuna() -> None:
    """Raise UsageError where Optuna is not installed; where it is, it says nothing of its own from now on.

    To be called before anything else of this room is imported.
    """
    with quietly():
        optuna = optional("optuna", "mlp search")
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)


@contextmanager
def quietly() -> Iterator[None]:
    """Without Optuna's warnings, which are of what it may change in later versions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def require_storage(url: str | None, jobs: int) -> None:
    """Raise UsageError for a place that no study can be kept in, or not by so many workers."""
    kind = (url or "journal:").partition(":")[0]
    if kind not in {"journal", "grpc"} and kind.partition("+")[0] not in DATABASES:
        raise UsageError.of(f"--storage: expected {KINDS}, found '{url}'")
    served = GRPC.fullmatch(url or "")
    if kind == "grpc" and (served is None or int(served[2]) > LAST_PORT):
        raise UsageError.of(f"--storage: expected grpc://HOST:PORT, found '{url}'")
    if url == "journal:":
        raise UsageError.of("--storage: expected journal:PATH, found no path")
    if kind.startswith("sqlite") and jobs > 1:
        message = "--storage sqlite: is for one worker: a file of SQLite is locked by its writers"
        raise UsageError.of(message, hint="leave --storage out, or use journal:PATH, for several --jobs")


def storage_of(url: str | None, directory: Path) -> BaseStorage:
    """The storage that a URL names; by default a journal in the study's directory.

    Raises UsageError where a package for it is missing, OutputError where it cannot be reached.
    """
    kind, _, rest = (url or f"journal:{directory / JOURNAL}").partition(":")
    if kind == "journal":
        from mlpcli.searching.journal import journal_storage

        with output_errors(Path(rest)):
            return journal_storage(Path(rest))
    try:
        with quietly():
            return _served(url or "") if kind == "grpc" else _database(url or "")
    except ImportError as error:
        inner = error.__cause__  # Optuna says that a driver is missing, and this which one
        module = str((inner if isinstance(inner, ImportError) else error).name or "a driver")
        hint = f"pip install {PACKAGES.get(module, module)}"
        raise UsageError.of(f"--storage {kind}: needs {module}, which is not installed", hint=hint) from error
    except Exception as error:
        raise _failed(url, "the study cannot be opened", error) from error


def _served(url: str) -> BaseStorage:
    from optuna.storages import GrpcStorageProxy

    match = GRPC.fullmatch(url)
    assert match is not None
    return GrpcStorageProxy(host=match[1], port=int(match[2]))


def _database(url: str) -> BaseStorage:
    from optuna.storages import get_storage

    return get_storage(url)


@contextmanager
def storage_errors(url: str | None) -> Iterator[None]:
    """What a database or a server fails with in the middle of a search is an OutputError: nothing is lost."""
    try:
        yield
    except Exception as error:
        kinds = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
        if not kinds & OF_STORAGES:
            raise
        raise _failed(url, "the storage of the study failed", error) from error


def _failed(url: str | None, what: str, error: Exception) -> MlpError:
    """What is wrong with a storage, in one line; a password is not repeated."""
    shown = re.sub(r"//[^/@]*@", "//", url or "journal")
    details = getattr(error, "details", str(error).strip)  # gRPC's errors say more than is of use
    reasons = [line.strip() for line in str(details()).splitlines() if len(line.strip()) > 1]
    reason = reasons[0] if reasons else type(error).__name__
    hint = "what is under way is taken over by the next call"
    return OutputError.of(f"{what}: {reason}", Place(f"--storage {shown}"), hint)
