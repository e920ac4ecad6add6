"""Builds the optional compiled parts and puts the rules into the package. All else is in pyproject.toml."""

import shutil
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

SOURCES = Path("leakguard/git/kernel_src")
# MSVC optimises by default and does not know the flags. What is not visible outside is called without a detour.
FAST = [] if sys.platform == "win32" else ["-O3", "-fvisibility=hidden"]


class BuildWithRules(build_py):
    """The rules lie beside the package in a checkout and inside of it in a wheel."""

    def run(self):
        super().run()
        if not getattr(self, "editable_mode", False):
            shutil.copytree("patterns", Path(self.build_lib, "leakguard", "patterns"), dirs_exist_ok=True)


setup(
    cmdclass={"build_py": BuildWithRules},
    ext_modules=[
        Extension(
            "leakguard.git._kernel",
            sorted(path.as_posix() for path in SOURCES.glob("*.c")),
            depends=sorted(path.as_posix() for path in SOURCES.glob("*.h")),
            extra_compile_args=FAST,
            # Where no compiler is, leakguard.git.kernel_py does the same work.
            optional=True,
        ),
        Extension(
            "leakguard.detect._runs",
            ["leakguard/detect/runs_src/runs.c"],
            extra_compile_args=FAST,
            # Where no compiler is, leakguard.detect.runs has every line read.
            optional=True,
        ),
    ],
)
