"""Each purpose has its own stream of random numbers, fixed by the seed and the name."""

from __future__ import annotations

from mlpcli.rng import stream


def test_same_seed_and_name_draw_the_same() -> None:
    """A stream can be drawn again."""
    assert stream(3, "split").random(5).tolist() == stream(3, "split").random(5).tolist()


def test_names_and_seeds_are_independent() -> None:
    """No two of them start with the same number."""
    draws = {stream(seed, name).random() for seed in range(50) for name in ("split", "weights", "shuffling")}
    assert len(draws) == 150


def test_numbers_stay_the_same_between_versions() -> None:
    """A seed means the same rows and weights in the next release."""
    raw = stream(0, "split").bit_generator.random_raw(2)
    assert raw.tolist() == [9712381586804237898, 9046335792313127702]
