"""What is kept on disk of the compiled kernel."""

from __future__ import annotations

from inspect import getfile
from pathlib import Path

from slaengine.policies import business, kernel, reckoning, tables


def compiled_before() -> bool:
    """Whether machine code of the kernel as it is now was kept on disk by an earlier run."""
    newest = max(Path(str(getfile(module))).stat().st_mtime for module in (business, kernel, reckoning, tables))
    kept = Path(str(getfile(kernel))).parent.glob("__pycache__/compiled_loop.*.nbi")
    return any(code.stat().st_mtime > newest for code in kept)
