"""Write grammars/nesy.tmLanguage.json from the token list; with --check only compare."""

from __future__ import annotations

import sys
from pathlib import Path

from emnesy.editors.textmate import to_json

FILE = Path(__file__).resolve().parent.parent / "grammars" / "nesy.tmLanguage.json"


def main() -> int:
    """The exit code: 1 if the file is not what it should be and was only looked at."""
    text = to_json()
    if "--check" in sys.argv[1:]:
        return int(not FILE.exists() or FILE.read_text(encoding="utf-8") != text)
    FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
