"""The unit of a service: what it is made from, and its text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from string import Template

from flowcron import __version__
from flowcron.errors import FlowcronError

_TEMPLATES = Path(__file__).parent / "units"
_STATE_DIRECTORY = Path("/var/lib/flowcron")
_CREDENTIAL = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}")
_PLAIN = re.compile(r"[A-Za-z0-9_./:=@+,-]+")

_AFTER = "After=remote-fs.target nss-user-lookup.target network.target time-sync.target"
_IDENTITY = (
    "# With a user systemd sets HOME, LOGNAME and SHELL, as jobs know them from cron.\nUser=root"
)
_STATE = "StateDirectory=flowcron\nStateDirectoryMode=0700"


class Hardening(StrEnum):
    """How much is taken from the scheduler, and with it from every job."""

    DEFAULT = "default"
    STRICT = "strict"


class UnitError(FlowcronError):
    """A unit cannot be made, written or removed."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service as it is to be: `program` is how flowcron is started, `db` only where it was said.

    systemd loads `credentials` by their names, and decrypts those that are in `encrypted`.
    """

    name: str
    program: tuple[str, ...]
    config: Path
    history: Path
    db: Path | None = None
    credentials: tuple[str, ...] = ()
    encrypted: frozenset[str] = frozenset()
    hardening: Hardening = Hardening.DEFAULT
    user: bool = False

    @property
    def unit(self) -> str:
        """The name of its unit."""
        return f"{self.name}.service"

    @property
    def has_state_directory(self) -> bool:
        """Whether systemd makes the directory of its history.

        Never for a user: before systemd 254 it would be the folder of the configuration.
        """
        return not self.user and self.db is None and self.history.parent == _STATE_DIRECTORY


def unit_text(service: Service) -> str:
    """Return the unit of a service; raises UnitError for what no unit can say."""
    template = Template((_TEMPLATES / "flowcron.service").read_text(encoding="utf-8"))
    strict = service.hardening is Hardening.STRICT
    place = ("-c", str(service.config), *(("--db", str(service.db)) if service.db else ()))
    text = template.substitute(
        name=service.name,
        scope="--user " if service.user else "",
        description=f"flowcron, {_line(service.config)}".replace("%", "%%"),
        after="" if service.user else _AFTER,
        flowcron=" ".join(map(_quoted, (*service.program, *place))),
        umask="0027" if strict else "0022",
        identity="" if service.user else _IDENTITY,
        state=_STATE if service.has_state_directory else "",
        credentials="\n".join(_credential(service, name) for name in service.credentials),
        hardening=(_TEMPLATES / "strict.conf").read_text(encoding="utf-8") if strict else "",
        target="default.target" if service.user else "multi-user.target",
        version=__version__,
        config=_line(service.config),
        history=_line(service.history),
    )
    return _without_gaps(text)


def _credential(service: Service, name: str) -> str:
    if not _CREDENTIAL.fullmatch(name):
        raise UnitError(
            f'"{name}" cannot be the name of a credential',
            hint="in credential:NAME there are letters, digits, '-', '_' and '.' only",
        )
    kind = "LoadCredentialEncrypted" if name in service.encrypted else "LoadCredential"
    return f"{kind}={name}"


def _quoted(word: str) -> str:
    """Return a word as a command line in a unit has it: %, $, quotes and spaces mean themselves."""
    if _PLAIN.fullmatch(word):
        return word
    for char, escaped in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        word = word.replace(char, escaped)
    return f'"{word}"'


def _line(path: Path) -> str:
    text = str(path)
    if not text.isprintable():
        raise UnitError(
            f"a unit cannot name {path}", hint="choose a path without control characters"
        )
    return text


def _without_gaps(text: str) -> str:
    """Return a unit without the empty lines that stand for what it does not have."""
    lines = text.splitlines()
    following = [*lines[1:], ""]
    kept = [line for line, next_ in zip(lines, following, strict=True) if line or next_[:1] == "["]
    return "\n".join(kept) + "\n"
