"""`python -m leakguard`."""

import os
import sys

if sys.path[:1] in ([""], [os.getcwd()]):  # noqa: PTH109 - pathlib would be looked for there, too
    # Python puts the current folder first, and that may be the very repository that is to be looked at: a `copy.py` or
    # a `regex/` in it must never be imported. The package's own folder is what was meant.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120

from leakguard.cli.main import run

if __name__ == "__main__":
    run()
