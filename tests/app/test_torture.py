"""Whatever is done to it, again and again and two at once: one row and one start for each time.

`FLOWCRON_TORTURE_KILLS` says how often; an eighth of it with other faults, which take longer.
`FLOWCRON_TORTURE_FAULTS` says with which, in words of tests/torture.py. `FLOWCRON_TORTURE_SEED`
makes the choices of an earlier torture again.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from torture import FAULTS, Torture

if TYPE_CHECKING:
    from installed import Installed

KILLS = int(os.environ.get("FLOWCRON_TORTURE_KILLS", "0"))
CHOSEN = tuple(filter(None, os.environ.get("FLOWCRON_TORTURE_FAULTS", ",".join(FAULTS)).split(",")))
SEED = int(os.environ.get("FLOWCRON_TORTURE_SEED", random.SystemRandom().randrange(10**6)))
PATIENCE = 600 + 6 * KILLS  # seconds

pytestmark = [pytest.mark.torture, pytest.mark.slow, pytest.mark.timeout(PATIENCE)]


@pytest.fixture
def on_small_disk(flowcron: Installed) -> Iterator[bool]:
    """Have the state on a disk of its own that can be filled, where that may be."""
    state = flowcron.folder / ".flowcron"
    state.mkdir(mode=0o700)
    size = 16 + KILLS // 8
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=700", "flowcron", str(state)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        yield False
        return
    yield True
    flowcron.end_everything()
    subprocess.run(["umount", "--lazy", str(state)], check=True)


def test_it_is_killed_again_and_again(
    flowcron: Installed, capsys: pytest.CaptureFixture[str]
) -> None:
    torture = Torture(flowcron, faults=(), seed=SEED)

    torture.go_on(KILLS or 20)

    _say(capsys, torture, torture.check(), ())


def test_all_kinds_of_faults_come_two_at_once(
    flowcron: Installed, on_small_disk: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = tuple(fault for fault in CHOSEN if fault != "disk" or on_small_disk)
    torture = Torture(flowcron, faults=faults, seed=SEED)

    torture.go_on(KILLS // 8 or 2 * len(FAULTS))

    _say(capsys, torture, torture.check(), faults)


def _say(
    capsys: pytest.CaptureFixture[str], torture: Torture, instants: int, faults: tuple[str, ...]
) -> None:
    with capsys.disabled():
        sys.stdout.write(
            f"\n{torture.kills} kills with {', '.join(faults) or 'nothing else'}: "
            f"{instants} instants, {torture.lost} lost, 0 violations (seed {SEED}) "
        )
