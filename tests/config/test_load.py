"""The run file: every problem at once, each with its line and a likely spelling; changes from the command line."""

import pytest

from outcrop.config.load import dump, load
from outcrop.config.template import names, template_path
from outcrop.errors import ConfigError

BAD = """[data]
source.logs = {files = "wels/*.las", nul = [1]}
source.more = {dataset = "force2021"}
frame = {vertical = "mdd", step_m = -1}
variable.GR = {unit = "gAPI", missing = "maks"}
target.FACIES = {classes = "clases.csv", cost = "force2020:penalty_matrix.npy"}
groups = {field = "wells.csv:FIELD"}
[promise]
new = "well"
same_population = "x"
[model]
family = "unett"
[train]
stepps = 4
optimiser = "adamm"
[loss]
class_weights = "balancd"
[evaluate]
baselines = ["majorty"]
accept = {shared_group = "x"}
[bundel]
model = "refit"
"""


def problems(error) -> list[str]:
    return [line.strip() for line in str(error.value).splitlines()[1:]]


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(BAD)
    with pytest.raises(ConfigError) as error:
        load(path)
    return problems(error)


EXPECTED = (
    (2, "unknown key 'data.source.logs.nul' (did you mean 'null'?)"),
    (2, "data.source.logs.files: no file matches"),
    (3, "no data set 'force2021' (did you mean 'force2020'?)"),
    (4, "data.frame.vertical: input should be 'md'"),
    (4, "data.frame.step_m: input should be greater than 0, got -1"),
    (5, "data.variable.GR.missing: input should be 'impute'"),
    (6, "data.target.FACIES.classes: no file matches"),
    (7, "data.groups.field: no file matches"),
    (8, "needs exactly one of new, later, area, between, wider, deploy, splitter, same_population"),
    (12, "no model family 'unett' (did you mean 'unet3d'?)"),
    (14, "unknown key 'train.stepps' (did you mean 'steps'?)"),
    (15, "train.optimiser = 'adamm' is not known (did you mean 'adam'?)"),
    (17, "loss.class_weights: input should be 'none', 'balanced' or 'sqrt', or a valid dictionary, got 'balancd'"),
    (19, "unknown entry 'majorty' in evaluate.baselines (did you mean 'majority'?)"),
    (20, "unknown entry 'shared_group' in evaluate.accept (did you mean 'shared_groups'?)"),
    (21, "unknown key 'bundel' (did you mean 'bundle'?)"),
)


def test_all_problems_are_reported_at_once_in_the_order_of_the_file(bad):
    assert len(bad) == len(EXPECTED)
    for told, (line, words) in zip(bad, EXPECTED, strict=True):
        assert told.startswith(f"line {line}: ") and words in told


def test_missing_sections_and_keys(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("[data]\nvariable.GR = {}\n")
    with pytest.raises(ConfigError) as error:
        load(path)
    told = "\n".join(problems(error))
    assert "'data.source' is missing. Fix: add it under [data]" in told and "'promise' is missing" in told


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("promise.folds=3", "keep one of them"),
        ("promise.gap_samples=3", "gap_samples does not go with new; its keys are folds, test"),
        ("bundle.model=folds", "input should be 'auto', 'refit', 'held_out' or 'none'"),
        ("model.widht_size=4", "mlp has no argument 'widht_size' (did you mean 'width_size'?)"),
        ("model.famly=mlp", "unknown key 'model.famly' (did you mean 'family'?)"),
        ("model.width_size=wide", "expected a whole number such as 128"),
        ("data.target.OTHER={}", "this version trains one target"),
        ("data.variable={}", "needs at least one entry"),
        ("data.source.logs.dataset=elnino", "needs exactly one of files"),
        ("evaluate.high_confidence={curve = 'C'}", "'evaluate.high_confidence.equals' is missing"),
        ("data.source.logs.files=[]", "names no file"),
    ],
)
def test_what_cannot_be_set(wells, change, words):
    with pytest.raises(ConfigError) as error:
        load(wells / "run.toml", [change])
    assert words in problems(error)[0]
    assert problems(error)[0].startswith(("--set ", "line "))


def test_set_changes_values_of_every_type(wells):
    changes = ["train.steps=7", "train.optimiser = sgd", "data.variable.GR.range=[0, 300]", "train.jitter=false"]
    config = load(wells / "run.toml", changes)
    assert config.train.steps == 7 and config.train.optimiser == "sgd" and config.train.jitter is False
    assert config.data.variable["GR"].valid_range == (0, 300)
    assert load(wells / "run.toml", ['evaluate.accept.few_groups="a = b"']).evaluate.accept == {"few_groups": "a = b"}


@pytest.mark.parametrize(
    ("change", "fix"), [("steps", "model.family=mlp"), ("=4", "model.family=mlp"), ("train.steps.x=4", "name a key")]
)
def test_set_that_is_no_setting(wells, change, fix):
    with pytest.raises(ConfigError, match=f"Fix: .*{fix}"):
        load(wells / "run.toml", [change])


def test_no_file_no_toml_no_text(tmp_path):
    (tmp_path / "facies.toml").write_text("[data\n")
    with pytest.raises(ConfigError, match=r"did you mean 'facies.toml'.*\nFix: outcrop new --from"):
        load(tmp_path / "facis.toml")
    with pytest.raises(ConfigError, match=r"line 1.*\nFix: correct the named line"):
        load(tmp_path / "facies.toml")
    (tmp_path / "latin.toml").write_bytes('name = "Åsgard"'.encode("latin-1"))
    with pytest.raises(ConfigError, match="Fix: save the run file as UTF-8"):
        load(tmp_path / "latin.toml")


def test_dump_reads_back_the_same(wells):
    import tomlkit

    config = load(wells / "run.toml")
    copy = wells / "copy.toml"
    copy.write_text(tomlkit.dumps(dump(config)), "utf-8")
    assert load(copy) == config
    copy.unlink()


@pytest.mark.parametrize("name", names())
def test_templates_are_valid(name):
    assert load(template_path(name)).promise.kind in ("new", "later", "same_population")


def test_unknown_template():
    with pytest.raises(ConfigError, match=r"did you mean 'facies'.*\nFix: one of facies, forecast, table"):
        template_path("facis")


def test_a_date_needs_no_quotation_marks():
    config = load(template_path("forecast"), ["promise.later=1995-01-01", 'promise.validation_from="1985-01"'])
    assert (config.promise.later, config.promise.validation_from) == ("1995-01-01", "1985-01")
