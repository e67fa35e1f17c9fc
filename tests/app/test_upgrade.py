"""The package is replaced under a running scheduler, its supervisor and its jobs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import flowcron as package
from fakes import poll
from flowcron import __version__

if TYPE_CHECKING:
    from installed import Installed

GATED = '[jobs.long]\ncommand = "while [ ! -e gate ]; do sleep 0.05; done; exit 7"\n'
TICK = '[jobs.tick]\nevery = "1s"\ncommand = "true"\n'
NEW = "99.0.0"
GARBAGE = "raise SystemExit('half of an upgrade')\n"


def ticks(flowcron: Installed) -> int:
    return len(flowcron.rows("SELECT 1 FROM runs WHERE state = 'success'"))


def test_jobs_go_on_while_the_package_is_upgraded_and_the_new_one_adopts_them(
    flowcron: Installed, tmp_path: Path
) -> None:
    installed = tmp_path / "installed"
    source = Path(package.__file__).parent
    shutil.copytree(source, installed / "flowcron")
    old = {"PYTHONPATH": str(installed)}
    flowcron.configure(GATED + TICK)
    first = flowcron.start_and_wait(**old)
    flowcron.run("run", "long", "-d", **old)
    poll(lambda: flowcron.rows("SELECT 1 FROM attempts WHERE state = 'running'"))

    for module in (installed / "flowcron").rglob("*.py"):  # in the middle of the upgrade
        module.write_text(GARBAGE)
    before = ticks(flowcron)
    poll(lambda: ticks(flowcron) > before + 1)
    shutil.rmtree(installed / "flowcron")
    before = ticks(flowcron)
    poll(lambda: ticks(flowcron) > before + 1)
    shutil.copytree(source, installed / "flowcron")
    (installed / "flowcron" / "__init__.py").write_text(f'__version__ = "{NEW}"\n')
    flowcron.kill(first)
    supervisor = flowcron.supervisor_pid()
    flowcron.start_and_wait(**old)
    (flowcron.folder / "gate").touch()
    poll(lambda: flowcron.rows("SELECT 1 FROM runs WHERE exit_code = 7"))

    assert flowcron.rows("SELECT version FROM schedulers ORDER BY id") == [(__version__,), (NEW,)]
    assert flowcron.supervisor_pid() == supervisor
    assert Path(f"/proc/{supervisor}").exists()
