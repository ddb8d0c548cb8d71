"""Texts of the fabricated run folders: run files, audit, findings, environment."""

AUDIT = [
    {
        "check": "close_neighbours", "level": "inflation",
        "place": "16/2-2 and 15/1-10 (412 m), 17/3-3 and 16/3-12 (633 m)",
        "size": "2 of 28 test wells within 1000 m of a training well",
        "fix": 'set promise.new = "well_root", or state in evaluate.accept why near wells are what you will predict.',
        "accepted": "Infill wells at this spacing are what the model is for.",
    },
    {"check": "unseen_class", "level": "note",
     "place": "fold 3", "size": "class Basement: 113 samples",
     "fix": "merge it, or read the score without it.", "accepted": ""},
]  # fmt: skip
FINDINGS = [
    {
        "id": "baselines",
        "sentence": "The network has a lower mean penalty than majority class, logistic regression and nearest "
        "neighbours; it cannot be told from boosted trees with a depth window.",
        "values": {},
    },
    {
        "id": "worst_wells",
        "sentence": "The three worst wells carry 31 % of the total penalty and 9 % of the samples.",
        "values": {},
    },
    {
        "id": "worst_class",
        "sentence": "Dolomite is found in fewer than one sample in four; it is mostly called limestone.",
        "values": {},
    },
    {
        "id": "distance",
        "sentence": "The score does not change with the distance to the nearest training well between 2 and 60 km.",
        "values": {},
    },
    {
        "id": "optimism_gap",
        "sentence": "A random split of the same samples would have promised a penalty 45 % lower.",
        "values": {},
    },
]
ENVIRONMENT = {
    "outcrop": "0.1.0", "code_version": "3f2c1ab", "command": "outcrop run facies.toml", "python": "3.11.9",
    "versions": {"jax": "0.10.2", "equinox": "0.13.2", "numpy": "2.2.1", "scikit-learn": "1.6.0"},
    "device": "CPU, 2 cores", "seeds": {"split": 0, "train": 0}, "wall_time_seconds": 1397.2,
    "peak_memory_bytes": 3.1e9,
    "started": "2025-11-23T18:02:11", "parameters": 214_348,
}  # fmt: skip
RUN_FACIES = """[data]
groups = {well = "WELL"}
frame = {vertical = "md", positive = "down", crs = "EPSG:23031"}
view = {kind = "windows", length = 256, stride = 128}
source.logs = {files = "wells/*.las"}
[promise]
new = "well"
folds = 7
[model]
family = "unet1d"
members = 2
widths = [32, 64, 128]
dropout = 0.1
[loss]
kind = "expected_cost"
cross_entropy_share = 0.5
class_weights = "sqrt"
[train]
steps = 2000
batch_size = 32
learning_rate = 1e-3
optimiser = "adamw"
evaluate_every = 50
patience = 10
augment = {curve_dropout = 0.1, gain_sd = 0.1}
[evaluate]
metrics = ["expected_cost", "macro_f1", "accuracy"]
"""
RUN_FORECAST = """[data]
view = {kind = "points", context = [-11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 0], lead = 6}
source.sst = {dataset = "elnino"}
[promise]
later = "1992-01-01"
[model]
family = "mlp"
width_size = 32
depth = 2
[loss]
kind = "mse"
[train]
steps = 2000
optimiser = "adam"
learning_rate = 1e-3
evaluate_every = 50
patience = 10
"""
