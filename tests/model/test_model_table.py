"""The table of families: names, arguments of a run file, and no JAX for reading it."""

import subprocess
import sys

import jax
import pytest

from outcrop.errors import ConfigError
from outcrop.model.table import build, family, problems


def test_reading_the_tables_needs_no_jax():
    code = "import sys, outcrop.model.table, outcrop.loss.table, outcrop.device; assert 'jax' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_unknown_family_names_the_nearest():
    with pytest.raises(ConfigError, match=r"did you mean 'unet.d'\?[\s\S]*Fix: choose one of mlp"):
        family("unet")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"width": [8]}, "did you mean 'widths'"),
        ({"widths": 32}, r"expected a list such as \[32, 64, 128\]"),
        ({"widths": [32.5]}, "expected a list"),
        ({"blocks": 1.5}, "expected a whole number such as 1"),
        ({"blocks": True}, "expected a whole number"),
        ({"dropout": "much"}, "expected a number such as 0.1"),
        ({"activation": 3}, 'expected a name such as "gelu"'),
    ],
)
def test_problems_are_sentences(arguments, sentence):
    import re

    assert re.search(sentence, problems("unet1d", arguments)[next(iter(arguments))])


def test_lists_of_a_run_file_become_tuples_and_whole_numbers_pass_as_numbers():
    model = build("unet1d", in_channels=2, out=1, arguments={"widths": [4, 6], "dropout": 0}, key=jax.random.key(0))
    assert len(model.halve) == 1


@pytest.mark.parametrize(
    ("name", "arguments", "fix"),
    [
        ("unet1d", {"kernel_size": 4}, "kernel_size = 5"),
        ("unet1d", {"widths": []}, r"widths = \[16, 32\]"),
        ("resnet1d", {"dilations": [1, 0]}, r"dilations = \[16, 32\]"),
        ("mlp", {"depth": 0}, "depth = 8"),
        ("mlp", {"norm": "batch"}, "choose one of none, layer"),
        ("mlp", {"output": "sigmoid"}, "choose one of linear, positive, bounded"),
        ("mlp", {"width_size": "wide"}, "width_size = 128"),
        ("mlp", {"wide": 3}, "correct or remove wide"),
    ],
)
def test_impossible_values_have_a_fix(name, arguments, fix):
    with pytest.raises(ConfigError, match=f"Fix: {fix}"):
        build(name, in_size=2, out=1, arguments=arguments, key=jax.random.key(0))


def test_exactly_one_size():
    with pytest.raises(TypeError, match="exactly one"):
        build("mlp", out=1, key=jax.random.key(0))
