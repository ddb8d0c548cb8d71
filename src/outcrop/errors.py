"""Every error a user of outcrop can meet: one small tree, each class also a built-in.

A message has four parts in at most four lines: what is wrong, where (file, curve, key, layer), got and
expected, and a fix that can be pasted. `message` builds it; `did_you_mean` finds the likely spelling.
"""

import difflib
from collections.abc import Iterable

EXIT_USER_ERROR = 2
EXIT_REFUSED = 3


class OutcropError(Exception):
    """Base of all errors caused by the user's files, run file or request; shown without a traceback."""

    exit_code = EXIT_USER_ERROR


class ConfigError(OutcropError, ValueError):
    """The run file or an argument asks for something impossible."""


class DataError(OutcropError, ValueError):
    """A file, a record or a curve is not what the run file says it is."""


class LeakageError(OutcropError, ValueError):
    """The audit found a violation: the score would not mean what the promise says."""

    exit_code = EXIT_REFUSED


class BundleError(OutcropError, ValueError):
    """A model file is damaged, of another format, or asks for more than it may."""


class NotTrainedError(OutcropError, RuntimeError):
    """A result was asked of something that has not been fitted."""


class NonFiniteError(OutcropError, FloatingPointError):
    """A loss or gradient became NaN or infinite; names variable, record and row."""


class MissingExtraError(OutcropError, ImportError):
    """An optional library is not installed; names the extra that brings it."""


def message(what: str, *, fix: str, where: str = "") -> str:
    """Joins the parts of an error into at most four lines, the fix last.

    >>> print(message("The curve is empty.", where="well A, curve GR", fix="remove GR from [data.variable]."))
    The curve is empty.
    Where: well A, curve GR
    Fix: remove GR from [data.variable].
    """
    lines = [what] + ([f"Where: {where}"] if where else []) + [f"Fix: {fix}"]
    return "\n".join(lines)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns a clause such as ` (did you mean 'unet'?)`, or an empty string when nothing is close.

    >>> did_you_mean("unett", ["unet", "mlp"])
    " (did you mean 'unet'?)"
    """
    options = [str(option) for option in known]
    folded = {option.casefold(): option for option in reversed(options)}
    close = difflib.get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.6)
    return f" (did you mean {folded[close[0]]!r}?)" if close else ""


def missing_extra(library: str, extra: str, purpose: str) -> MissingExtraError:
    """The error for an optional library that is not installed."""
    what = f"{purpose} needs the library {library!r}, which is not installed."
    return MissingExtraError(message(what, fix=f"pip install 'outcrop[{extra}]'"))
