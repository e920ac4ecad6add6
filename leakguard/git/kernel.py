"""The kernel to import: the compiled one where it is there, else its twin in plain Python.

Both do the same; ``kernel_py`` documents it. ``IMPLEMENTATION`` says which one this is. The environment
variable LEAKGUARD_KERNEL=python chooses the twin, to compare the two and to rule the compiled one out.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Literal

from leakguard.git.kernel_error import KernelError

if TYPE_CHECKING:
    from leakguard.git.kernel_py import (
        Chain,
        CommitGraph,
        OidTable,
        PackTable,
        TextReader,
        TreeReader,
        Walk,
        append_commit,
        families,
        inherited,
        members,
        pack_table,
        parse_tree,
        reach,
        tree_leads,
        trim,
    )

    IMPLEMENTATION: Literal["c", "python"]
else:

    def _choose():
        if os.environ.get("LEAKGUARD_KERNEL") != "python":
            try:
                return import_module("leakguard.git._kernel"), "c"
            except ImportError:
                pass  # Installed where no compiler was, or built for another Python.
        return import_module("leakguard.git.kernel_py"), "python"

    _kernel, IMPLEMENTATION = _choose()
    Chain = _kernel.Chain
    CommitGraph = _kernel.CommitGraph
    OidTable = _kernel.OidTable
    PackTable = _kernel.PackTable
    TextReader = _kernel.TextReader
    TreeReader = _kernel.TreeReader
    Walk = _kernel.Walk
    append_commit = _kernel.append_commit
    families = _kernel.families
    inherited = _kernel.inherited
    members = _kernel.members
    pack_table = _kernel.pack_table
    parse_tree = _kernel.parse_tree
    reach = _kernel.reach
    tree_leads = _kernel.tree_leads
    trim = _kernel.trim

__all__ = [
    "IMPLEMENTATION",
    "Chain",
    "CommitGraph",
    "KernelError",
    "OidTable",
    "PackTable",
    "TextReader",
    "TreeReader",
    "Walk",
    "append_commit",
    "families",
    "inherited",
    "members",
    "pack_table",
    "parse_tree",
    "reach",
    "tree_leads",
    "trim",
]
