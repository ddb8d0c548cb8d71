"""Run files that come with outcrop: starting points that already run."""

from pathlib import Path

from outcrop.errors import ConfigError, did_you_mean

FOLDER = Path(__file__).parent / "templates"


def names() -> list[str]:
    """Names of the templates.

    >>> names()
    ['facies', 'forecast', 'table']
    """
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def template_path(name: str) -> Path:
    """File of one template.

    Raises:
        ConfigError: there is no such template.
    """
    if name not in names():
        raise ConfigError(
            f"There is no template {name!r}{did_you_mean(name, names())}.\nFix: one of {', '.join(names())}."
        )
    return FOLDER / f"{name}.toml"
