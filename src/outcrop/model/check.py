"""Checks of the sizes a network is built with, so that a wrong one is an error at construction, not deep in a trace."""

from __future__ import annotations

from collections.abc import Sequence

from outcrop.errors import ConfigError, message


def positive(**sizes: int | Sequence[int]) -> None:
    """Raises ConfigError unless every size, or every entry of a list that is not empty, is a whole number >= 1."""
    for name, value in sizes.items():
        entries = value if isinstance(value, list | tuple) else (value,)
        if not entries or not all(isinstance(e, int) and not isinstance(e, bool) and e >= 1 for e in entries):
            many = isinstance(value, list | tuple)
            raise ConfigError(
                message(
                    f"{name} is {value!r}, expected {'whole numbers' if many else 'a whole number'} of at least 1.",
                    where=f"model.{name}",
                    fix=f"{name} = {'[16, 32]' if many else 8}",
                )
            )


def natural(**sizes: int) -> None:
    """Raises ConfigError unless every size is a whole number >= 0; 0 means that there is none of it."""
    positive(**{name: size for name, size in sizes.items() if size != 0})


def odd(**sizes: int) -> None:
    """Raises ConfigError unless every size is odd and positive, as a kernel centred on its sample must be."""
    positive(**sizes)
    for name, value in sizes.items():
        if value % 2 == 0:
            raise ConfigError(
                message(
                    f"{name} is {value}, expected an odd number, so that the kernel is centred on its sample.",
                    where=f"model.{name}",
                    fix=f"{name} = {value + 1}",
                )
            )


def one_of(options: Sequence[str], **choices: str) -> None:
    """Raises ConfigError unless every choice is among the options."""
    for name, value in choices.items():
        if value not in options:
            raise ConfigError(
                message(f"{name} is {value!r}.", where=f"model.{name}", fix=f"choose one of {', '.join(options)}.")
            )


def not_negative(**numbers: float) -> None:
    """Raises ConfigError unless every number is 0 or more."""
    for name, value in numbers.items():
        if not value >= 0:
            raise ConfigError(message(f"{name} = {value!r}.", where=f"model.{name}", fix=f"{name} = 0 or more"))


def share(**rates: float) -> None:
    """Raises ConfigError unless every rate is at least 0 and below 1."""
    for name, value in rates.items():
        if not isinstance(value, int | float) or not 0 <= value < 1:
            raise ConfigError(
                message(
                    f"{name} is {value!r}, expected at least 0 and below 1.", where=f"model.{name}", fix=f"{name} = 0.1"
                )
            )


def divides(**sizes: int) -> None:
    """Raises ConfigError unless the first size divides the second, as heads divide the width."""
    (first, small), (second, large) = sizes.items()
    if large % small:
        nearest = max(size for size in range(1, small + 1) if large % size == 0)
        what = f"{first} is {small}, which does not divide {second} = {large}."
        raise ConfigError(message(what, where=f"model.{first}", fix=f"{first} = {nearest}"))
