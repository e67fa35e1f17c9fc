"""On what kind of file system a path is, and whether SQLite's locks can be trusted there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_TABLE = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")
_NETWORK = {
    *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre"),
    *("ncpfs", "nfs", "nfs4", "orangefs", "pvfs2", "smb3", "smbfs", "vboxsf"),
}
_LOCAL_IN_FUSE = {"fuseblk", "fuse.bindfs", "fuse.fuse-overlayfs", "fuse.mergerfs", "fuse.lxcfs"}


class Mount(NamedTuple):
    """A mounted file system: its type as the kernel calls it, and where it is mounted."""

    kind: str
    point: str

    @property
    def is_network(self) -> bool:
        """Whether another machine, or a program that may ask one, keeps the files."""
        if self.kind in _LOCAL_IN_FUSE:
            return False
        return self.kind in _NETWORK or self.kind.split(".")[0] == "fuse"


def mount_of(path: Path) -> Mount | None:
    """Return where a path is mounted; None where the system does not tell (Linux does)."""
    try:
        table = _TABLE.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return mount_in(table, path.resolve())


def mount_in(table: str, path: Path) -> Mount | None:
    """Return where an absolute path without links is mounted, by the text of a mountinfo file.

    Of mounts in the same place the last one hides the others.
    """
    found: Mount | None = None
    for line in table.splitlines():
        place, _, source = line.partition(" - ")
        point = _ESCAPED.sub(lambda code: chr(int(code[1], 8)), place.split()[4])
        is_above = path.is_relative_to(point)
        if is_above and (found is None or len(point) >= len(found.point)):
            found = Mount(source.split()[0], point)
    return found
