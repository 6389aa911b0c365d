"""Steps of a network as statements of C, from inputs `x` to `scores`, and their weights as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from mlpcli.arrays import Array
from mlpcli.exporting.c.source import Source
from mlpcli.exporting.c.words import double
from mlpcli.exporting.steps import (
    Activation,
    Affine,
    Factors,
    LayerNorm,
    Lookup,
    Residual,
    RunningNorm,
    Step,
    Waves,
)

# of a score z; comparisons keep a z that is no number, which fmin and fmax would lose
ACTIVATIONS: Final = {
    "identity": "z",
    "sigmoid": "1.0 / (exp(-z > {cap} ? {cap} : -z) + 1.0)",
    "tanh": "tanh(z)",
    "relu": "z < 0.0 ? 0.0 : z",
    "leaky_relu": "z < 0.0 ? z * {slope} : z",
    "elu": "z < 0.0 ? expm1(z) * {scale} * {alpha} : z * {scale}",
    "gelu": "z * 0.5 * erfc(-z * 0.70710678118654752)",
    "silu": "z / (exp(-z > {cap} ? {cap} : -z) + 1.0)",
    "mish": "mish_of(z < -{cap} ? -{cap} : z)",
    "softplus": "log1p(exp(-fabs(z))) + (z < 0.0 ? 0.0 : z)",
    "softsign": "z / (1.0 + fabs(z))",
    "erf_sigmoid": "0.5 * erfc(-z)",
    "exponential": "exp(z)",
}


class Body:
    """The statements of a network while they are written: where its numbers are, and how many."""

    def __init__(self, source: Source, name: str, inputs: int) -> None:
        self.source, self.name = source, name
        self.at, self.units = "x", inputs
        self.statements: list[str] = []
        self.widest = inputs
        self._tables = 0

    def table(self, what: str, array: Array) -> str:
        """A table of numbers in the network's precision."""
        self._tables += 1
        values = map(number, array.reshape(-1))
        return self.source.table("real", f"{what}_{self._tables}_of_{self.name}", values)

    def say(self, statement: str) -> None:
        """One more statement."""
        self.statements.append(f"    {statement};\n")

    def other(self, units: int) -> str:
        """Where the next numbers go, so many, while those that are there are read."""
        self.widest = max(self.widest, units)
        return "b" if self.at == "a" else "a"

    def go(self, to: str, units: int) -> None:
        """Go on with the numbers there."""
        self.at, self.units = to, units

    def own(self) -> str:
        """Where the numbers are, if need be a copy: the inputs must not be changed."""
        if self.at == "x":
            self.source.use("copy")
            to = self.other(self.units)
            self.say(f"copy(x, {to}, {self.units})")
            self.go(to, self.units)
        return self.at


def network_function(source: Source, name: str, inputs: int, steps: Sequence[Step]) -> str:
    """The name of a function that makes scores of inputs."""
    body = Body(source, name, inputs)
    for step in steps:
        WRITERS[type(step)](body, step)
    source.use("copy")
    body.say(f"copy({body.at}, scores, {body.units})")
    used = [
        one for one in ("a", "b") if any(f" {one}," in line or f"({one}," in line for line in body.statements)
    ]
    memory = f"    real {', '.join(f'{one}[{body.widest}]' for one in used)};\n\n" if used else ""
    head = "static void NAME(const real *x, real *scores)\n"
    return source.function(name, f"{head}{{\n{memory}{''.join(body.statements)}}}\n")


def number(value: np.floating[Any]) -> str:
    """A number in its own precision, with as many digits as it needs."""
    text = np.format_float_scientific(value, unique=True, trim="0", exp_digits=1)
    plain = np.format_float_positional(value, unique=True, trim="0")
    shorter = plain if len(plain) <= len(text) else text
    return f"{shorter}f" if value.dtype == np.float32 else shorter


def function_of(source: Source, activation: Activation) -> str:
    """The name of a function that computes it for one score."""
    values = {key: double(value) for key, value in activation.options.items()}
    formula = ACTIVATIONS[activation.name].format(**values)
    if activation.name == "mish":
        source.use("mish_of")
        formula = formula.replace("mish_of(", f"mish_of({values['cap']}, ")
    text = f"static double NAME(double z)\n{{\n    return {formula};\n}}\n"
    return source.function(f"phi_{activation.name}", text)


def _affine(body: Body, step: Affine) -> None:
    body.source.use("affine")
    inputs, outputs = step.weight.shape
    weight = body.table("weight", step.weight.T)
    bias = "NULL" if step.bias is None else body.table("bias", step.bias)
    to = body.other(outputs)
    body.say(f"affine({body.at}, {inputs}, {weight}, {bias}, {to}, {outputs})")
    body.go(to, outputs)


def _lookup(body: Body, step: Lookup) -> None:
    body.source.use("lookup")
    tables = dict(zip(step.columns, step.tables, strict=True))
    total = body.units + sum(len(table[0]) - 1 for table in step.tables)
    to, at = body.other(total), 0
    for column in range(body.units):
        table = tables.get(column)
        if table is None:
            body.say(f"{to}[{at}] = {body.at}[{column}]")
            at += 1
        else:
            width = table.shape[1]
            name = body.table("vectors", table)
            body.say(f"lookup((double){body.at}[{column}], {name}, {width}, {to} + {at})")
            at += width
    body.go(to, total)


def _waves(body: Body, step: Waves) -> None:
    body.source.use("waves")
    n, frequencies, mixed = step.weight.shape
    memory = f"cosines_of_{body.name}"
    total = body.units + n * mixed
    to = body.other(total)
    arrays = (step.frequency, step.phase, step.weight.transpose(0, 2, 1), step.bias)
    names = ("frequency", "phase", "mixing", "mixing_bias")
    tables = [body.table(name, array) for name, array in zip(names, arrays, strict=True)]
    sizes = (frequencies, frequencies, mixed * frequencies, mixed)
    body.say(f"real {memory}[{frequencies}]")
    for place, column in enumerate(step.columns):
        own = ", ".join(f"{table} + {place * size}" for table, size in zip(tables, sizes, strict=True))
        numbers = f"(double){body.at}[{column}], {frequencies}, {mixed}"
        body.say(f"waves({numbers}, {own}, {memory}, {to} + {place * (mixed + 1)})")
    rest = [column for column in range(body.units) if column not in set(step.columns)]
    for place, column in enumerate(rest, n * (mixed + 1)):
        body.say(f"{to}[{place}] = {body.at}[{column}]")
    body.go(to, total)


def _in_place(part: str, *names: str) -> Callable[[Body, Any], None]:
    """A step that changes the numbers where they are, by tables of its fields of these names."""

    def write(body: Body, step: Any) -> None:
        body.source.use(part)
        at = body.own()
        tables = [body.table(name, getattr(step, name)) for name in names]
        rest = [double(step.epsilon)] if isinstance(step, LayerNorm) else []
        body.say(f"{part}({', '.join([at, *tables, *rest, str(body.units)])})")

    return write


def _activation(body: Body, step: Activation) -> None:
    function, at = function_of(body.source, step), body.own()
    if step.alpha is None:
        body.source.use("activate")
        body.say(f"activate({at}, {body.units}, {function})")
    else:
        body.source.use("activate_in_part")
        body.say(f"activate_in_part({at}, {body.units}, {function}, {body.table('alpha', step.alpha)})")


def _residual(body: Body, step: Residual) -> None:
    """The first step within leaves its inputs where they are, and the others stay where it has gone."""
    body.source.use("add")
    before, units = body.at, body.units
    for one in step.within:
        WRITERS[type(one)](body, one)
    body.say(f"add({body.at}, {before}, {units})")


WRITERS: dict[type[Any], Callable[[Body, Any], None]] = {
    Affine: _affine,
    Lookup: _lookup,
    Waves: _waves,
    Factors: _in_place("factors", "factor"),
    RunningNorm: _in_place("running_norm", "mean", "factor", "shift"),
    LayerNorm: _in_place("layer_norm", "factor", "shift"),
    Activation: _activation,
    Residual: _residual,
}
