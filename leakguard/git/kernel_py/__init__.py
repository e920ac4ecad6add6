"""The kernel in plain Python: the same names, results and errors as the compiled one.

It takes over where no compiler was there at install time, and the tests hold the two against each
other. Packed numbers are ``bytes`` in native byte order, read with ``memoryview(...).cast("q")`` for
int64 and ``.cast("i")`` for int32. Offsets are half-open bytes. A buffer is anything that holds
contiguous bytes: ``bytes``, ``bytearray``, ``memoryview``, ``mmap``.
"""

from leakguard.git.kernel_error import KernelError
from leakguard.git.kernel_py.chain import Chain
from leakguard.git.kernel_py.commit import append_commit
from leakguard.git.kernel_py.commit_graph import CommitGraph, members
from leakguard.git.kernel_py.families import families
from leakguard.git.kernel_py.graph import reach
from leakguard.git.kernel_py.inherited import inherited
from leakguard.git.kernel_py.memory import trim
from leakguard.git.kernel_py.oid_table import OidTable
from leakguard.git.kernel_py.pack_table import PackTable, pack_table
from leakguard.git.kernel_py.text_reader import TextReader
from leakguard.git.kernel_py.tree import parse_tree, tree_leads
from leakguard.git.kernel_py.tree_reader import TreeReader
from leakguard.git.kernel_py.walk import Walk

__all__ = [
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
