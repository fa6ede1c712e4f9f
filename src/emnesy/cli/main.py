"""``emnesy``: the commands, and the one place where errors become text and exit codes.

Exit codes: 0 success, 1 a diagnosed error, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import errno
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import Any

import typer

from emnesy.cli import commands
from emnesy.cli.show import show_diagnostics
from emnesy.diagnostics import Diagnostic, EmnesyError

_ClickError: Any = typer.BadParameter.__mro__[2]
"""``ClickException``: from the click package or, in newer releases, from Typer's own copy of it."""


def make_app(only: str | None = None) -> typer.Typer:
    """The application with every command of the `commands` folder, or with one of them.

    A command brings along what it needs, so the others would cost each start of this one.
    """
    app = typer.Typer(
        name="emnesy",
        help="Neurosymbolic learning as Expectation-Maximization.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @app.callback(invoke_without_command=True)
    def root(
        version: bool = typer.Option(False, "--version", help="Show the version and exit."),
    ) -> None:
        if version:
            typer.echo(f"emnesy {installed_version()}")
            raise typer.Exit

    for name, module_name in command_modules().items():
        if only not in (None, name):
            continue
        module: Any = importlib.import_module(f"{commands.__name__}.{module_name}")
        if hasattr(module, "register"):
            module.register(app)
        elif hasattr(module, "command"):
            app.command(name=name)(module.command)
    return app


def command_modules() -> dict[str, str]:
    """Each command's name and that of its module, in alphabetical order."""
    found = sorted(info.name for info in pkgutil.iter_modules(commands.__path__))
    return {name.replace("_", "-"): name for name in found}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Never raises for what a user or the machine did."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    only = args[0] if args and args[0] in command_modules() else None
    try:
        result = make_app(only)(args=args, standalone_mode=False)
        sys.stdout.flush()
    except EmnesyError as error:
        show_diagnostics(error.diagnostics)
        return 1
    except _ClickError as error:
        error.show()
        return 2
    except (KeyboardInterrupt, typer.Abort):
        _say("interrupted")
        return 130
    except BrokenPipeError:
        _silence_stdout()
        return 1
    except OSError as error:
        if error.errno == errno.EPIPE:
            _silence_stdout()
        else:
            show_diagnostics([_machine_error(error)])
            _silence_stdout()
        return 1
    return result if isinstance(result, int) else 0


def installed_version() -> str:
    """The version of the package, as installed."""
    from importlib import metadata

    try:
        return metadata.version("emnesy")
    except metadata.PackageNotFoundError:  # run from the source tree
        return "(not installed)"


def _machine_error(error: OSError) -> Diagnostic:
    where = f" (`{error.filename}`)" if error.filename else ""
    reason = error.strerror or str(error)
    return Diagnostic("E0804", f"the system refused: {reason}{where}")


def _say(text: str) -> None:
    print(f"emnesy: {text}", file=sys.stderr)  # noqa: T201


def _silence_stdout() -> None:
    """Nobody reads on: keep the interpreter from failing once more when it closes the stream."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
