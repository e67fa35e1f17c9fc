"""Which file system a path is on, by the kernel's own table."""

from __future__ import annotations

from pathlib import Path

import pytest

from disks import needs_root, tmpfs
from flowcron.system.mounts import Mount, mount_in, mount_of

TABLE = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:26 / /srv rw,relatime shared:2 master:1 - nfs4 filer:/export rw,vers=4.2
31 30 0:27 / /srv/local rw - ext4 /dev/vdb rw
32 22 0:28 / /mnt/with\040space rw - cifs //win/share rw
33 22 0:29 / /home/me/remote rw - fuse.sshfs me@host: rw
34 22 0:30 / /win rw - fuseblk /dev/sda1 rw
35 22 0:31 / /twice rw - ext4 /dev/vdc rw
36 35 0:32 / /twice rw - nfs filer:/other rw
37 22 0:33 / /overlay rw - overlay overlay rw
38 22 0:34 / /cloud rw - fuse.rclone remote: rw
39 22 0:35 / /srvs rw - xfs /dev/vdd rw
"""


@pytest.mark.parametrize(
    ("path", "kind", "is_network"),
    [
        ("/var/lib/flowcron", "ext4", False),
        ("/srv", "nfs4", True),
        ("/srv/state", "nfs4", True),
        ("/srv/local/state", "ext4", False),
        ("/srvs/state", "xfs", False),
        ("/mnt/with space/state", "cifs", True),
        ("/home/me/remote/x", "fuse.sshfs", True),
        ("/cloud/x", "fuse.rclone", True),
        ("/win/x", "fuseblk", False),
        ("/overlay/x", "overlay", False),
        ("/twice/x", "nfs", True),
    ],
)
def test_the_innermost_mount_decides(path: str, kind: str, *, is_network: bool) -> None:
    mount = mount_in(TABLE.strip(), Path(path))

    assert mount is not None
    assert mount.kind == kind
    assert mount.is_network is is_network


def test_this_machine_knows_where_its_folders_are(tmp_path: Path) -> None:
    mount = mount_of(tmp_path)

    assert mount is None or not mount.is_network


@needs_root
@pytest.mark.root
def test_a_real_mount_is_found(tmp_path: Path) -> None:
    with tmpfs(tmp_path / "disk", "size=1m") as disk:
        assert mount_of(disk / "state") == Mount("tmpfs", str(disk))
