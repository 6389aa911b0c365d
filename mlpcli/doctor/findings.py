"""What a check found: a verdict, a sentence with its numbers, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal, TypeAlias

Verdict: TypeAlias = Literal["ok", "look", "wrong"]
"""Nothing to say; worth a look; a training that begins like this is wasted, or its results mean nothing."""

ORDER: tuple[Verdict, ...] = ("ok", "look", "wrong")


@dataclass(frozen=True)
class Finding:
    """The answer of one check; `numbers` are all that it measured."""

    check: str
    verdict: Verdict
    says: str
    hint: str | None = None
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As `--json` prints it; a number that is not finite is null."""
        return {
            "check": self.check,
            "verdict": self.verdict,
            "says": self.says,
            "hint": self.hint,
            "numbers": _plain(self.numbers),
        }


def worst(findings: Sequence[Finding]) -> Verdict:
    """The worst verdict; ok where there is none."""
    return max((finding.verdict for finding in findings), key=ORDER.index, default="ok")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(own) for key, own in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(own) for own in value]
    return None if isinstance(value, float) and not isfinite(value) else value
