"""The two C programs that measuring needs: the probe that is started, and the C limit."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SOURCES = Path(__file__).resolve().parent / "csrc"
_BARE = ("-static", "-nostdlib", "-DBARE")


@dataclass(frozen=True, slots=True)
class Programs:
    """Where they are, once compiled."""

    probe: Path
    limit: Path


def compile_programs(folder: Path) -> Programs:
    """Compile both into a folder; a machine without a C compiler cannot measure."""
    compiler = _compiler()
    probe, limit = folder / "probe", folder / "limit"
    bare = platform.machine() == "x86_64" and _compiles(compiler, "probe.c", probe, *_BARE)
    if not bare and not _compiles(compiler, "probe.c", probe, "-static"):
        _compile(compiler, "probe.c", probe)
    _compile(compiler, "limit.c", limit)
    return Programs(probe, limit)


def _compiler() -> list[str]:
    words = shlex.split(os.environ.get("CC", "cc"))
    if not words or shutil.which(words[0]) is None:
        raise SystemExit(
            "error: measuring needs a C compiler, and there is none: install one, or name it "
            "in the variable CC"
        )
    return words


def _compile(compiler: list[str], source: str, program: Path) -> None:
    words = [*compiler, "-O2", "-o", str(program), str(_SOURCES / source)]
    if subprocess.run(words, check=False).returncode:
        raise SystemExit(f"error: {source} does not compile with {shlex.join(compiler)}")


def _compiles(compiler: list[str], source: str, program: Path, *flags: str) -> bool:
    words = [*compiler, "-O2", *flags, "-o", str(program), str(_SOURCES / source)]
    return subprocess.run(words, check=False, stderr=subprocess.DEVNULL).returncode == 0
