"""Builds the optional compiled kernel. Everything else about the package is in pyproject.toml."""

import sys
from pathlib import Path

from setuptools import Extension, setup

SOURCES = Path("leakguard/git/kernel_src")

setup(
    ext_modules=[
        Extension(
            "leakguard.git._kernel",
            sorted(path.as_posix() for path in SOURCES.glob("*.c")),
            depends=sorted(path.as_posix() for path in SOURCES.glob("*.h")),
            # MSVC optimises by default and does not know the flag.
            extra_compile_args=[] if sys.platform == "win32" else ["-O3"],
            # Where no compiler is, leakguard.git.kernel_py does the same work.
            optional=True,
        )
    ]
)
