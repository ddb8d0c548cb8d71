"""Fine-tuning: a run that starts from a model file, keeps its scale and frozen parts, and says where it comes from."""

import json

import numpy as np
import pytest

import outcrop
from outcrop.bundle import load as load_bundle
from outcrop.bundle import save
from outcrop.errors import ConfigError
from synthetic_wells import QUICK


def started(finished, *changes):
    return (f'model.start_from="{finished.result.bundle}"', *changes)


def test_it_starts_there_and_keeps_scale_and_frozen_parts(finished, tmp_path, quick_run):
    changes = started(finished, 'model.freeze=["layers"]', "train.learning_rate=1e-4", "model.dropout=0.2")
    result, told = quick_run(finished.base / "run.toml", tmp_path / "run", *changes)
    before, after = load_bundle(finished.result.bundle), load_bundle(result.bundle)
    assert after.normaliser["statistics"] == before.normaliser["statistics"]
    names = [name for name in before.arrays if name.startswith("member/0/")]
    frozen = [name for name in names if "/layers." in name]
    assert frozen and len(frozen) < len(names)
    for name in names:
        same = np.array_equal(before.arrays[name], after.arrays[name])
        assert same == (name in frozen)
        np.testing.assert_allclose(after.arrays[name], before.arrays[name], atol=0.01)  # eight small steps away
    start = json.loads((result.folder / "data.json").read_text("utf-8"))["start"]
    assert start["frozen"] == ["layers"] and "Alpha-1" in start["trained_on"] and "Alpha-2" not in start["trained_on"]
    assert after.provenance["start"] == start
    page = outcrop.report(result.folder).read_text("utf-8")
    assert "It starts from the weights in model.outcrop" in page and "layers stayed as it was there" in page
    assert not any("seen_before" in sentence for sentence in told), "the same wells are held out"


def test_the_audit_warns_of_records_it_was_trained_on(finished):
    wells = started(finished, 'promise={new = "well", test = ["Alpha-1", "Alpha-2"]}')
    checked = outcrop.check(finished.base / "run.toml", overrides=wells)
    (found,) = [finding for finding in checked.findings if finding.check == "seen_before"]
    assert found.level == "inflation" and "Alpha-1 (same file)" in found.place and "Alpha-2" not in found.place
    assert found.size.startswith("1 of 2 test records") and "promise.test" in found.fix


def test_a_model_file_that_does_not_say_is_known_by_the_names_in_its_statistics(finished, tmp_path):
    from dataclasses import replace

    bundle = load_bundle(finished.result.bundle)
    prints = {k: v for k, v in bundle.fingerprints.items() if k != "trained_on"}
    old = save(tmp_path / "old.outcrop", replace(bundle, fingerprints=prints))
    changes = (f'model.start_from="{old}"', 'promise={new = "well", test = ["Alpha-1"]}')
    places = [f.place for f in outcrop.check(finished.base / "run.toml", overrides=changes).findings]
    assert any("Alpha-1 (same name)" in place for place in places)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ["model.family=resnet1d"],
            r"family 'mlp', the run asks for 'resnet1d'.*\n.*\nFix: \[model\] family = \"mlp\"",
        ),
        (["model.width_size=8"], r"width_size is 16 there and 8 here.*\n.*\nFix: \[model\] width_size = 16"),
        (["data.variable.GR.transform=sqrt"], "transform of GR is 'none' there and 'sqrt' here"),
        (
            ["data.variable={GR = {}, RHOB = {}}"],
            "variables are GR, RHOB, NPHI, FACIES there and GR, RHOB, FACIES here",
        ),
        (["data.view.context=[0]"], "numbers read per example: 15 there and 5 here"),
        (['model.freeze=["layer"]'], r"no part 'layer' \(did you mean 'layers'\?\)"),
        (['model.freeze=["layers", "last"]'], "All parts are frozen.*\n.*\nFix: freeze fewer parts"),
    ],
)
def test_what_does_not_fit_is_named(finished, change, words):
    arguments = [c for c in change if c.startswith("model.family")]
    text = (finished.base / "run.toml").read_text("utf-8")
    if arguments:
        text = text.replace("width_size = 16\ndepth = 1\n", "")
    path = finished.base / "other.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=words):
        outcrop.check(path, overrides=[*QUICK, *started(finished), *change])


def test_freezing_needs_weights_to_keep_and_the_file_must_be_there(wells):
    with pytest.raises(ConfigError, match=r'freeze needs the weights to keep: start_from = "model.outcrop"'):
        outcrop.check(wells / "run.toml", overrides=['model.freeze=["layers"]'])
    with pytest.raises(ConfigError, match=r"model.start_from: there is no model file .*none.outcrop"):
        outcrop.check(wells / "run.toml", overrides=["model.start_from=none.outcrop"])


def test_the_options_are_changes_to_the_run_file(tmp_path, monkeypatch):
    from pathlib import Path

    from outcrop.cli.run import fine_tuning

    monkeypatch.chdir(tmp_path)
    told = fine_tuning(Path("model.outcrop"), "layers.0, last")
    assert told == [f'model.start_from="{tmp_path / "model.outcrop"}"', 'model.freeze=["layers.0", "last"]']
    assert fine_tuning(None, "") == []
