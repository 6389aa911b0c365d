"""One flat vector and its named views."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlpcli.nn.activations import ActivationChoice
from mlpcli.nn.architecture import Architecture
from mlpcli.nn.batch_norm import BatchNormKind
from mlpcli.nn.embedding import EmbeddedColumn
from mlpcli.nn.layers import Entry, Group, Role, constant
from mlpcli.nn.layout import Layout

TANH = ActivationChoice("tanh", {})
WIDTHS = st.lists(st.integers(1, 5), min_size=2, max_size=5).map(tuple)


def architecture(widths: tuple[int, ...], bias: bool) -> Architecture:
    layers = len(widths) - 1
    return Architecture(widths, (TANH,) * layers, bias, (0.0,) * (layers - 1))


def test_weights_come_first_then_biases() -> None:
    layout = architecture((3, 4, 2), True).layout()
    assert [(slot.name, slot.shape, slot.start, slot.stop) for slot in layout.slots] == [
        ("layers.0.weight", (3, 4), 0, 12),
        ("layers.1.weight", (4, 2), 12, 20),
        ("layers.0.bias", (4,), 20, 24),
        ("layers.1.bias", (2,), 24, 26),
    ]
    assert (layout.n_weights, layout.size) == (20, 26)


def test_without_biases_there_are_only_weights() -> None:
    layout = architecture((3, 4, 2), False).layout()
    assert [slot.name for slot in layout.slots] == ["layers.0.weight", "layers.1.weight"]
    assert layout.n_weights == layout.size == 20


def test_groups_lie_together_weights_still_first_and_know_their_inputs() -> None:
    made: list[tuple[str, Role, Group, int]] = [
        ("alpha.0", "other", "activation", 4),
        ("scale", "weight", "scaling", 2),
        ("beta.0", "other", "normalization", 4),
        ("alpha.1", "other", "activation", 3),
        ("W.0", "weight", "weight", 5),
        ("b.0", "bias", "bias", 1),
    ]
    entries = {name: Entry(name, (n,), role, constant(0.0), group, n) for name, role, group, n in made}
    weights = [entry for entry in entries.values() if entry.role == "weight"]
    layout = Layout(weights, (entry for entry in entries.values() if entry.role != "weight"))
    assert layout.n_weights == 7
    assert [slot.name for slot in layout.slots] == ["W.0", "scale", "b.0", "alpha.0", "alpha.1", "beta.0"]
    assert all(slot.group == entries[slot.name].group for slot in layout.slots)
    assert all(slot.fan_in == entries[slot.name].fan_in for slot in layout.slots)


def test_only_a_matrix_sums_inputs() -> None:
    table = EmbeddedColumn(1, 3, 2)
    shape = Architecture((4, 5, 1), (TANH,) * 2, True, (0.0,), BatchNormKind(0.1, 1e-5), embeddings=(table,))
    found = {slot.name: (slot.group, slot.fan_in) for slot in shape.layout().slots}
    assert found == {
        "embeddings.0.weight": ("weight", 1),
        "layers.0.weight": ("weight", 4),
        "layers.1.weight": ("weight", 5),
        "layers.0.bias": ("bias", 1),
        "layers.1.bias": ("bias", 1),
        "layers.0.gamma": ("normalization", 1),
        "layers.0.beta": ("normalization", 1),
    }


def test_views_share_memory_in_both_directions() -> None:
    layout = architecture((3, 4, 2), True).layout()
    flat = np.zeros(layout.size)
    views = layout.views(flat)
    views["layers.1.weight"][2, 1] = 5.0
    assert np.flatnonzero(flat).tolist() == [12 + 2 * 2 + 1]
    flat[24] = 7.0
    assert views["layers.1.bias"].tolist() == [7.0, 0.0]
    assert all(np.shares_memory(view, flat) and view.flags.c_contiguous for view in views.values())


@given(WIDTHS, st.booleans())
def test_views_cover_every_entry_once(widths: tuple[int, ...], bias: bool) -> None:
    shape = architecture(widths, bias)
    layout = shape.layout()
    views = layout.views(np.arange(layout.size))
    assert sorted(np.concatenate([view.ravel() for view in views.values()])) == list(range(layout.size))
    assert layout.size == shape.count_parameters()
    assert layout.n_weights == sum(view.size for name, view in views.items() if name.endswith("weight"))


def entry(views: Mapping[str, Any], name: str) -> int:
    """The entry that a name like `layers.1.weight[0, 5]` stands for."""
    found = re.fullmatch(r"([\w.]+)\[([\d, ]+)\]", name)
    assert found
    return int(views[found[1]][tuple(int(i) for i in found[2].split(", "))])


@given(WIDTHS, st.booleans())
def test_locate_names_the_entry_that_the_views_hold(widths: tuple[int, ...], bias: bool) -> None:
    layout = architecture(widths, bias).layout()
    views = layout.views(np.arange(layout.size))
    for index in range(layout.size):
        assert entry(views, layout.locate(index)) == index
        slot = layout.slot_of(index)
        assert slot.start <= index < slot.stop


@pytest.mark.parametrize(
    ("index", "name"),
    [
        (0, "layers.0.weight[0, 0]"),
        (11, "layers.0.weight[2, 3]"),
        (12, "layers.1.weight[0, 0]"),
        (20, "layers.0.bias[0]"),
        (25, "layers.1.bias[1]"),
    ],
)
def test_locate(index: int, name: str) -> None:
    assert architecture((3, 4, 2), True).layout().locate(index) == name


def test_parameters_of_absurd_widths_are_counted_without_making_them() -> None:
    assert architecture((10**9, 10**9, 10**9), True).count_parameters() == 2 * 10**18 + 2 * 10**9
