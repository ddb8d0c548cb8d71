"""Linear data of a given file: the posterior in closed form, the misfit that is told, and what does not fit."""

import numpy as np
import pytest
from sample_models import CENTRE, SPREAD, model

import outcrop
from outcrop.errors import ConfigError, DataError
from outcrop.physics.invert.gaussian import Belief, posterior

GRID = "[grid.depth]\nstart = 1000\nstep = 0.5\ncount = 32\n"
LINEAR = '[linear.means]\nfiles = "means.npz"\nnoise_sd = 4\n'
ROWS = np.zeros((5, 32))
for number in range(5):
    ROWS[number, 4 * number : 4 * number + 8] = 1 / 8  # means of eight cells, half of which are those of the next


@pytest.fixture(scope="module")
def logs():
    return model("logs")


def drawn(bundle, folder, text=LINEAR, count=4, **how):
    (folder / "given.toml").write_text(GRID + text, "utf-8")
    return outcrop.sample(bundle, folder / "given.toml", count=count, out=folder / "out", report=False, **how)


def test_overlapping_means_give_the_posterior(logs, tmp_path):
    truth = CENTRE + SPREAD * np.random.default_rng(0).standard_normal(32)
    data = ROWS @ truth + 4 * np.random.default_rng(1).standard_normal(5)
    np.savez(tmp_path / "means.npz", matrix=ROWS, data=data)
    found = drawn(logs, tmp_path, count=400, steps=60)
    own = found.data["GR"].to_numpy()
    wanted = posterior(Belief(np.full(32, CENTRE), SPREAD**2 * np.eye(32)), ROWS, data, 4.0)
    np.testing.assert_allclose(own.mean(axis=0), wanted.mean, atol=6)  # sd / 20 is 1.5
    np.testing.assert_allclose(own.std(axis=0).mean(), wanted.sd.mean(), rtol=0.04)
    (note,) = found.notes
    assert note.startswith("Linear data means: 5; misfit of realisations ")
    misfit = np.mean(((own @ ROWS.T - data) / 4) ** 2)
    assert float(note.split("realisations ")[1].split(" ")[0]) == pytest.approx(misfit, rel=0.02)


@pytest.mark.parametrize(
    ("arrays", "given", "kind", "told"),
    [
        (None, LINEAR, DataError, r"np\.savez"),
        ({"matrix": ROWS}, LINEAR, DataError, r"np\.savez"),
        ({"matrix": ROWS.T, "data": np.ones(32)}, LINEAR, DataError, r"\(datum, 32\), data \(datum,\)"),
        ({"matrix": ROWS, "data": np.full(5, np.nan)}, LINEAR, DataError, "some of them are not finite"),
        ({"matrix": ROWS, "data": np.ones(5)}, LINEAR + 'of = "GRR"\n', ConfigError, "of = one of GR"),
        ({"matrix": ROWS, "data": np.ones(5)}, LINEAR.replace("4", "0"), ConfigError, r"linear.means.noise_sd"),
        (
            {"matrix": ROWS, "data": np.ones(5)}, LINEAR + '[observations]\nfiles = "w.csv"\n', ConfigError,
            "add a row of the matrix",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(logs, tmp_path, arrays, given, kind, told):
    if arrays is not None:
        np.savez(tmp_path / "means.npz", **arrays)
    with pytest.raises(kind, match=told):
        drawn(logs, tmp_path, given)


def test_classes_take_no_linear_data(tmp_path):
    np.savez(tmp_path / "means.npz", matrix=np.ones((1, 16, 16)), data=[1.0])
    (tmp_path / "given.toml").write_text(LINEAR, "utf-8")
    with pytest.raises(ConfigError, match="generate the number itself"):
        outcrop.sample(model("maps", classes=True), tmp_path / "given.toml", count=2, out=tmp_path / "out")
