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

WIDTHS = st.lists(st.integers(1, 5), min_size=2, max_size=5).map(tuple)


def architecture(widths: tuple[int, ...], bias: bool) -> Architecture:
    layers = len(widths) - 1
    return Architecture(widths, (ActivationChoice("tanh", {}),) * layers, bias, (0.0,) * (layers - 1))


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
