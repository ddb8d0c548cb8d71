"""A promise made to files that lack an input: what is held out loses the same input, in scores and baselines alike."""

import numpy as np

from outcrop.config.load import load
from outcrop.run import parts
from outcrop.run.ladder import Ladder, samples_of
from outcrop.run.problem import load_problem
from outcrop.run.solve import prepare
from outcrop.run.splitting import splits_of
from synthetic_wells import field, las, run_file, well


def test_held_out_wells_lose_what_the_files_lack(tmp_path, quick_run):
    field(tmp_path / "wells")
    (tmp_path / "new").mkdir()
    curves = {name: values for name, values in well(30).items() if name not in ("NPHI", "FACIES")}
    las(tmp_path / "new" / "Far-1.las", curves, name="Far-1")
    promise = {'new = "well"\ntest = ["Alpha-2", "Delta-1"]': 'deploy = "new/*.las"\nfolds = 3'}
    path = run_file(tmp_path, replace=promise)
    problem = load_problem(load(path), tmp_path)
    view = parts.view_of(problem)
    split = parts.with_labels(splits_of(problem, view, tmp_path)[0], parts.labelled_examples(problem, view))
    assert set(split.blank.values()) == {("NPHI",)}
    normaliser, tables = prepare(problem, view, split)
    place = normaliser.layout["NPHI"]
    trained = {view.origins.names[i] for i in np.unique(view.origins.record[split.train])}
    held = {view.origins.names[i] for i in np.unique(view.origins.record[split.test])}
    assert held and not held & trained
    for name, table in tables.items():
        there = table.inputs[:, place.present]
        assert there.any() == (name in trained) and np.isfinite(table.inputs).all()
        other = normaliser.layout["RHOB"]
        assert table.inputs[:, other.present].all()
    ladder = Ladder(problem, view, split, normaliser, tables)
    bare = ladder.tables[False]
    assert all(np.isnan(bare[name].inputs[:, place.values[0]]).all() for name in held)
    test = samples_of(problem, view, split.test, problem.labelled())
    assert len(ladder.predict("nearest_neighbours", test, seed=0).values) == len(test)
    result, _ = quick_run(path, tmp_path / "run", "evaluate.optimism_gap=false")
    entry = next(iter(result.metrics["promises"].values()))
    assert entry["test"] and "lose the inputs that the files lack" in _sentence(result)


def _sentence(result):
    import json

    content = json.loads((result.folder / "split.json").read_text())
    return next(iter(content["promises"].values()))["sentence"]
