"""A model file as a function: answers as by records, derivatives, one number per field, a solver to fall back on."""

from dataclasses import replace
from importlib import import_module

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import outcrop
from outcrop.data.transform import PLAIN
from outcrop.errors import ConfigError, DataError

FIELDS = """[data]
view = {kind = "patches", size = "whole"}
source.pairs = {simulation = "burgers", count = 60, samples = 16, viscosity = [0.01, 0.1], time = 0.3}
variable.start = {from = ["forcing"]}
variable.nu = {from = ["viscosity"], transform = "log10", range = [1e-3, 1]}
target.u = {from = ["solution"]}
[promise]
new = "realisation"
test = ["000?"]
validation_share = 0.2
[model]
family = "fno1d"
width_size = 6
modes = 4
depth = 1
padding = 0
members = 2
[train]
steps = 60
learning_rate = 1e-2
[evaluate]
metrics = ["relative_l2"]
baselines = ["mean"]
optimism_gap = false
[bundle]
model = "held_out"
"""
POINTS = """[data]
view = {kind = "points"}
source.wells = {files = "*.csv"}
variable.a = {}
variable.b = {transform = "sqrt"}
target.c = {transform = "log10"}
[promise]
new = "record"
test = ["w0", "w1"]
[model]
family = "mlp"
width_size = 8
depth = 1
[train]
steps = 60
[evaluate]
baselines = ["mean"]
optimism_gap = false
[bundle]
model = "held_out"
"""


def opened(tmp_path_factory, text, prepare=None):
    place = tmp_path_factory.mktemp("run")
    (place / "run.toml").write_text(text)
    if prepare:
        prepare(place)
    with pytest.MonkeyPatch.context() as patch:  # no page
        patch.setattr(import_module("outcrop.run.run"), "write_report", lambda folder: folder / "report.html")
        return outcrop.load(outcrop.run(place / "run.toml", out=place / "run").bundle)


@pytest.fixture(scope="module")
def fields(tmp_path_factory):
    return opened(tmp_path_factory, FIELDS)


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    def wells(place):
        rng = np.random.default_rng(0)
        for number in range(8):
            a, b = rng.normal(size=40), rng.uniform(0, 4, 40)
            rows = np.column_stack([np.arange(40), a, b, np.exp(a + np.sqrt(b))])
            np.savetxt(place / f"w{number}.csv", rows, delimiter=",", header="depth,a,b,c", comments="", fmt="%.8g")

    return opened(tmp_path_factory, POINTS, wells)


def given(count=5, samples=16, seed=1):
    pairs = outcrop.simulate("burgers", count=count, seed=seed, samples=samples, viscosity=(0.01, 0.1), time=0.3)
    start, nu, u = (np.stack([p.data[n].to_numpy() for p in pairs]) for n in ("forcing", "viscosity", "solution"))
    return start, nu, u


def same(one, other):
    for name in ("values", "valid", "distance", "low", "high"):
        told = [getattr(answer, name) for answer in (one, other)]
        assert (told[0] is None) == (told[1] is None)
        if told[0] is not None:
            np.testing.assert_allclose(*told, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("samples", [16, 32])
def test_fields_are_told_as_by_records(fields, samples):
    start, nu, _ = given(samples=samples)
    quick = fields.predict(start=start, nu=nu)
    record = fields.record_of(start=start, nu=nu)
    same(quick, fields.predict_record(record).shaped(record.shape))
    assert quick.values.shape == quick.valid.shape == (5, samples) and np.ptp(quick.distance, axis=1).max() == 0
    one = fields.predict(start=start[2], nu=nu[2, 0])  # one number for the field
    np.testing.assert_allclose(one.values, quick.values[2], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(fields.predict(start=start, nu=nu[:, 0]).values, quick.values, rtol=1e-4, atol=1e-5)


def test_points_are_told_as_by_records(points):
    a, b = np.linspace(-1, 1, 7), np.linspace(0, 9, 7)
    same(points.predict(a=a, b=b), points.predict_record(points.record_of(a=a, b=b)))
    assert points.predict(a=0.5, b=1.0).values.shape == (1,)
    assert np.isnan(points.predict(a=a, b=np.where(a > 0, b, np.nan)).valid).sum() == 0  # imputed, as by records


@pytest.mark.parametrize("kind", ["fields", "points"])
def test_derivatives_are_those_of_differences(kind, request):
    model = request.getfixturevalue(kind)
    start, nu, _ = given(1)
    arrays = {"start": start[0], "nu": nu[0]} if kind == "fields" else {"a": np.array([0.3]), "b": np.array([2.0])}
    name = next(iter(arrays))

    def total(x):
        return jnp.sum(model.predict(**(arrays | {name: x})).values)

    with jax.enable_x64(False):
        slope = jax.grad(total)(jnp.asarray(arrays[name], jnp.float32))
        step = 1e-2 * np.eye(len(arrays[name]))
        wanted = [float(total(arrays[name] + e) - total(arrays[name] - e)) / 2e-2 for e in step]
    np.testing.assert_allclose(slope, wanted, rtol=0.02, atol=2e-3 * np.abs(wanted).max())


def test_a_compiled_call_tells_what_a_plain_one_tells(fields):
    start, nu, _ = given(3)
    told = jax.jit(lambda s, n: vars(fields.predict(start=s, nu=n)))(start.astype(np.float32), nu.astype(np.float32))
    plain = fields.predict(start=start, nu=nu)
    for name in ("values", "valid", "distance"):
        np.testing.assert_allclose(told[name], getattr(plain, name), rtol=1e-3, atol=1e-4)
    assert told["low"] is None and plain.low is not None  # members: an interval needs numbers


def test_inputs_outside_their_range_are_outside_validity_under_jax(fields):
    start, nu, _ = given(2)
    nu[1] = 2.0
    told = jax.jit(lambda n: fields.predict(start=start, nu=n).valid)(nu)
    assert float(told[1].max()) == 0


def test_rough_fields_are_outside_though_their_values_are_usual(fields):
    start, nu, _ = given(40, seed=5)
    rough = start.std() * np.sign(np.sin(2 * np.pi * 6 * np.arange(16) / 16 + np.arange(40)[:, None]))
    inside = (fields.predict(start=x, nu=nu).valid.mean() for x in (start, rough))
    assert next(inside) > 0.8 and next(inside) < 0.1


def test_a_solver_answers_what_is_outside_and_is_counted(fields):
    start, nu, _ = given(6)
    start[[1, 4]] *= 20
    asked = []

    def solver(start, nu):
        asked.append(start)
        return np.full_like(start, 7.0)

    plain, told = fields.predict(start=start, nu=nu), fields.predict(start=start, nu=nu, fallback=solver)
    outside = plain.valid[:, 0] == 0
    assert told.solved.tolist() == outside.tolist() and outside[[1, 4]].all() and told.solved.sum() == len(asked[0])
    np.testing.assert_array_equal(asked[0], start[outside])
    assert (told.values[outside] == 7).all() and np.isnan(told.low[outside]).all()
    np.testing.assert_array_equal(told.values[~outside], plain.values[~outside])
    one = fields.predict(start=start[1], nu=nu[1], fallback=solver)
    assert one.solved.shape == () and one.solved and (one.values == 7).all() and one.values.shape == (16,)
    inside = np.flatnonzero(~outside)[:1]
    del asked[:]
    assert not fields.predict(start=start[inside], nu=nu[inside], fallback=solver).solved.any() and not asked


def test_a_solver_answers_single_points(points):
    told = points.predict(a=[0.0, 99.0], b=[1.0, 1.0], fallback=lambda a, b: a + b)
    assert told.solved.tolist() == [False, True] and told.values[1] == 100


def test_a_solver_of_one_field_is_refused_with_the_way_out(fields):
    start, nu, _ = given(2)
    with pytest.raises(
        DataError, match=r"shape \(16,\) where \(2, 16\)(?s:.*)Fix: give it a function of stacks: jax.vmap"
    ):
        fields.predict(start=20 * start, nu=nu, fallback=lambda start, nu: start[0])


def test_no_derivative_through_a_decision(fields):
    start, nu, _ = given(1)
    with pytest.raises(ConfigError, match=r"Fix: take the derivative of model.predict\(...\) without fallback"):
        jax.grad(lambda s: fields.predict(start=s, nu=nu[0], fallback=lambda **_: 0).values.sum())(start[0])


def test_what_is_no_function_says_so(fields):
    bundle = replace(fields.bundle, view={"kind": "windows", "length": 16})
    other = replace(fields, bundle=bundle)
    with pytest.raises(ConfigError, match=r"Fix: train on points or whole fields of numbers"):
        other.compiled.predict({})
    assert not other.is_function


def test_wrong_arrays_are_refused_whether_compiled_or_not(fields, points):
    start, nu, _ = given(2)
    with pytest.raises(DataError, match=r"Fix: pass arrays of 1 axes"):
        fields.predict(start=start[None], nu=nu[None])
    with pytest.raises(DataError, match=r"Fix: pass arrays of one length"):
        fields.predict(start=start, nu=nu[:, :5])
    with pytest.raises(DataError, match=r"The input 'nu' is missing(?s:.*)Fix: the inputs are start, nu"):
        jax.grad(lambda s: fields.predict(start=s).values.sum())(start)
    with pytest.raises(DataError, match=r"no input 'c'(?s:.*)Fix: the inputs are a, b"):
        points.predict(a=1.0, c=1.0)


@pytest.mark.parametrize("name", PLAIN)
def test_transforms_work_on_numbers_arrays_and_tracers(name):
    transform, values = PLAIN[name], np.array([0.5, 2.0, 9.0])
    scaled = transform.forward(values)
    np.testing.assert_allclose(transform.inverse(scaled), values, rtol=1e-12)
    for function, given in ((transform.forward, values), (transform.inverse, scaled), (transform.defined, values)):
        wanted = function(given)
        assert np.shape(function(float(given[1]))) == ()
        np.testing.assert_allclose(jax.jit(function)(jnp.asarray(given)), wanted, rtol=1e-6)
        assert isinstance(wanted, np.ndarray)


def test_a_roll_out_feeds_its_answers_back(fields):
    start, nu, _ = given(4)
    told = fields.rollout(3, start=start, nu=nu[:, 0], feeds="start")
    assert told.fields.shape == (4, 4, 16) and told.valid.shape == (3, 4) and told.solved is None
    state = start
    for step in range(3):
        answer = fields.predict(start=state, nu=nu)
        np.testing.assert_allclose(told.fields[step + 1], answer.values, rtol=1e-4, atol=1e-5)
        assert (told.valid[step] == (answer.valid[:, 0] == 1)).all()
        state = answer.values
    one = fields.rollout(2, start=start[0], nu=nu[0, 0], feeds="start")
    np.testing.assert_allclose(one.fields[2, 0], told.fields[2, 0], rtol=1e-3, atol=1e-4)


def test_a_roll_out_says_where_it_left_and_who_took_the_step(fields):
    start, nu, _ = given(2)
    start[1] *= 30
    told = fields.rollout(2, start=start, nu=nu[:, 0], feeds="start", fallback=lambda start, nu: start / 100)
    assert told.left[1] == 1 and told.solved[0, 1] and told.solved.shape == (2, 2)
    np.testing.assert_allclose(told.fields[1, 1], start[1] / 100, rtol=1e-6)
    assert told.growth[0].tolist() == [1, 1] and told.growth[1, 1] == pytest.approx(0.01)


def test_a_roll_out_needs_to_know_what_it_feeds(fields, points):
    with pytest.raises(ConfigError, match=r'Fix: feeds = "start", or another one of start, nu'):
        fields.rollout(2, start=np.zeros(16), nu=0.1)
    with pytest.raises(ConfigError, match=r"Fix: steps = 10, with a model of data.view"):
        points.rollout(2, a=np.zeros(3), b=np.zeros(3), feeds="a")
