"""Generators trained for a few steps, for the tests of what `outcrop sample` does with them."""

import outcrop

RUN = """
[data]
view = {kind = "VIEW", SIZE}
source.all = {simulation = "NAME", count = 24, seed = 1, OPTIONS}
variable.VARIABLE = {from = ["SOURCE"]}
target.T = {generate = ["VARIABLE"]MORE}

[promise]
same_population = "independent simulations"

[model]
family = "time_unetDIMSd"
widths = [8, 16]

[loss]
kind = "denoising"

[train]
steps = 20
batch_size = 8
learning_rate = 3e-3
evaluate_every = 10
warmup_steps = 0

[sample]
steps = 4
realisations = 4
most_examples = 8

[evaluate]
bootstrap = 100
baselines = ["bootstrap"]
"""
KINDS = {
    "logs": {
        "VIEW": "windows", "SIZE": "length = 32, stride = 32", "NAME": "logs", "OPTIONS": "samples = 32",
        "VARIABLE": "GR", "SOURCE": "GR", "MORE": "", "DIMS": "1",
    },
    "maps": {
        "VIEW": "patches", "SIZE": "size = {northing = 16, easting = 16}", "NAME": "gaussian",
        "OPTIONS": "shape = [16, 16], spacing_m = [10, 10], range_m = [60, 60], proportions = [0.6, 0.4]",
        "VARIABLE": "FACIES", "SOURCE": "facies",
        "MORE": ', classes = {0 = "Shale", 1 = "Sand"}, given = {kind = "points", count = [0, 8], test = 4}',
        "DIMS": "2",
    },
    "cubes": {
        "VIEW": "patches", "SIZE": "size = {inline = 8, crossline = 8, depth = 8}", "NAME": "gaussian",
        "OPTIONS": "shape = [8, 8, 8], spacing_m = [25, 25, 5], range_m = [100, 100, 20], proportions = [0.5, 0.5]",
        "VARIABLE": "PHI", "SOURCE": "field_1", "MORE": "", "DIMS": "3",
    },
}  # fmt: skip


def trained(kind, folder):
    """The model file of one of `KINDS`: numbers along depth, classes on maps, numbers in cubes."""
    text = RUN
    for word, value in KINDS[kind].items():
        text = text.replace(word, value)
    (folder / "run.toml").write_text(text)
    return outcrop.run(folder / "run.toml", out=folder / "run").bundle
