"""The `outcrop` command: one file per subcommand, each a thin layer over a function of the same name."""

from __future__ import annotations

import importlib
import sys

COMMANDS = {
    "new": ("outcrop.cli.new", "Draft a run file from your files, or start from a template."),
    "check": ("outcrop.cli.check", "Read, split and audit without training; says what would be done."),
    "run": ("outcrop.cli.run", "Train, compare with baselines, explain, report, bundle."),
    "predict": ("outcrop.cli.predict", "Predict on new files, in the format they came in."),
    "sample": ("outcrop.cli.sample", "Draw realisations of a generator, given sparse observations."),
    "inspect": ("outcrop.cli.inspect", "What a run file would build, what a bundle holds, how a run trained."),
    "compare": ("outcrop.cli.compare", "Scores of several runs side by side."),
    "report": ("outcrop.cli.report", "Write the report page of a run folder again."),
    "simulate": ("outcrop.cli.simulate", "Make geology with known truth, as files."),
    "data": ("outcrop.cli.data", "List and fetch registered data sets."),
    "demo": ("outcrop.cli.demo", "A one-minute run on real data that is already installed."),
}


STOPPED = 130
"""Exit code after Ctrl-C, as shells have it."""


def main() -> None:
    """Entry point: exit code 0 done, 1 internal, 2 user error, 3 refused by the audit."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_overview())
        raise SystemExit(0)
    if arguments[0] in ("-V", "--version"):
        from outcrop import __version__

        print(f"outcrop {__version__}")
        raise SystemExit(0)
    raise SystemExit(_call(arguments, debug))


def _overview() -> str:
    """The help page, written without importing anything: it must be instant."""
    rows = "\n".join(f"  {name:<10}{text}" for name, (_, text) in COMMANDS.items())
    return (
        "outcrop - from geoscience files to a neural network whose score can be believed.\n\n"
        f"Usage: outcrop COMMAND ...\n\nCommands:\n{rows}\n\n"
        "outcrop COMMAND --help explains one. --debug shows the traceback of an error; --version the version.\n"
        "Exit codes: 0 done, 1 internal error, 2 your files or run file, 3 refused by the audit."
    )


def _call(arguments: list[str], debug: bool) -> int:
    from outcrop.errors import OutcropError, did_you_mean

    name, *rest = arguments
    if name not in COMMANDS:
        print(
            f"There is no command {name!r}{did_you_mean(name, COMMANDS)}. outcrop --help lists them.", file=sys.stderr
        )
        return 2
    import typer

    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(help=COMMANDS[name][1])(importlib.import_module(COMMANDS[name][0]).command)
    try:
        app(rest, prog_name=f"outcrop {name}")
    except OutcropError as error:
        if debug:
            raise
        print(f"{error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        if debug:
            raise
        place = f" ({error.filename})" if error.filename else ""
        print(
            f"{error.strerror or error}{place}.\nFix: free space or allow access; a run then goes on with --resume.",
            file=sys.stderr,
        )
        return 2
    except SystemExit as stop:
        if stop.code == STOPPED:
            print("Stopped. A run goes on with the same command and --resume.", file=sys.stderr)
        return stop.code if isinstance(stop.code, int) else 1
    except Exception as error:
        if debug:
            raise
        print(
            f"Internal error: {type(error).__name__}: {error}\n"
            f"Fix: this is a defect of outcrop; run again with --debug and report the traceback.",
            file=sys.stderr,
        )
        return 1
    return 0
