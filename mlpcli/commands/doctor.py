"""`mlp doctor`: what is wrong, or may be, with a run that has not begun."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlpcli.config.load import Config
from mlpcli.doctor.examination import examine
from mlpcli.doctor.findings import ORDER, Finding, worst
from mlpcli.doctor.patient import patient_of
from mlpcli.errors import ExitCode
from mlpcli.memory import MAX_PARAMETERS
from mlpcli.parallel import threads
from mlpcli.run.limits import check_size
from mlpcli.terminal.console import Console, reading, result_stream
from mlpcli.terminal.screen import USUAL_WIDTH, columns_of, width_of

COUNTED = {"ok": "ok", "look": "to look at", "wrong": "wrong"}


@dataclass(frozen=True)
class DoctorOptions:
    """What the command line says besides the config."""

    strict: bool
    json: bool


def doctor(config: Config, options: DoctorOptions, console: Console) -> ExitCode:
    """Examine what CONFIG would train; exit code 10 for a wrong verdict where the command line is strict."""
    check_size(config, MAX_PARAMETERS)
    with console.doing(reading(config.input_paths(("data", "train"))[0])):
        patient = patient_of(config, MAX_PARAMETERS)
    found: list[Finding] = []
    with threads.limited(1):
        for finding in examine(patient):
            found.append(finding)
            console.show(lambda _: f"looked at: {found[-1].check}")
    console.clear()
    if options.json:
        findings = [finding.document() for finding in found]
        console.document({"verdict": worst(found), "checks": findings})
    else:
        console.lines(finding_lines(found))
    failed = options.strict and worst(found) == "wrong"
    return ExitCode.CHECK_FAILED if failed else ExitCode.DONE


def finding_lines(found: Sequence[Finding]) -> list[str]:
    """A line for each check, its hint below it, and a count of verdicts at the end."""
    longest = max(width_of(finding.check) for finding in found)
    lines = [line for finding in found for line in _lines(finding, longest)]
    counts = [sum(finding.verdict == verdict for finding in found) for verdict in ORDER]
    shown = [f"{count} {COUNTED[verdict]}" for verdict, count in zip(ORDER, counts, strict=True) if count]
    return [*lines, "", ", ".join(reversed(shown))]


def _lines(finding: Finding, longest: int) -> Iterator[str]:
    """The verdict, the check and what it says, as wide as the screen is."""
    import textwrap

    before = f"{finding.verdict:<7}{finding.check:<{longest}}  "
    width = columns_of(result_stream()) or max(USUAL_WIDTH, 100)
    texts = [finding.says, *([f"→ {finding.hint}"] if finding.hint and finding.verdict != "ok" else [])]
    for number, text in enumerate(texts):
        own = textwrap.wrap(
            text, max(30, width - len(before)), break_long_words=False, break_on_hyphens=False
        )
        for place, line in enumerate(own):
            yield (before if not number and not place else " " * len(before)) + line
