"""``emnesy lsp``."""

from __future__ import annotations

import contextlib
import os
import sys

from emnesy.diagnostics import Diagnostic, EmnesyError


def command() -> None:
    """Serve an editor by the Language Server Protocol, on standard input and output.

    Editors start it themselves; docs/editors.md says how. Needs the extra `lsp`.
    """
    try:
        from emnesy.editors.features import make_server
    except ModuleNotFoundError as error:
        if error.name not in ("pygls", "lsprotocol"):
            raise
        raise EmnesyError(
            Diagnostic(
                "E0840",
                f"the Python package `{error.name}` is not installed",
                help="pip install 'emnesy[lsp]'",
            )
        ) from None
    from emnesy.cli.main import installed_version

    # pygls closes the stream that it writes to; what prints by mistake must not get into it.
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with contextlib.redirect_stdout(sys.stderr):
        make_server(installed_version()).start_io(stdout=stream)
