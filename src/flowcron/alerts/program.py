"""Handing an event to a program of the user's, or a mail to the local sendmail."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import timedelta
from email.message import EmailMessage

from flowcron.alerts.failure import DeliveryError, said_in_a_line
from flowcron.alerts.message import Message
from flowcron.domain.outcome import signal_name
from flowcron.domain.ports import Reply
from flowcron.system.programs import Programs

PATIENCE = 10.0  # seconds
_LIMIT = 100_000  # bytes of output that a program may say
_SENDMAIL_PATH = "/usr/sbin:/usr/lib:/usr/bin"
_RETRY_AFTER = re.compile(
    rb"^retry-after:[ \t]*([0-9]{1,5})[ \t\r]*$", re.IGNORECASE | re.MULTILINE
)


def run_program(argv: Sequence[str], message: Message, *, folder: str, programs: Programs) -> None:
    """Start a program with the event on its stdin; raises DeliveryError unless it exits with 0.

    It has FLOWCRON_EVENT, FLOWCRON_JOB, FLOWCRON_RUN_ID, FLOWCRON_HOST and FLOWCRON_SUBJECT in its
    environment, of the first event where there are several. A line "Retry-After: 60" on its stdout
    says after how many seconds it wants to be started again.
    """
    document = json.dumps(message.document, ensure_ascii=False).encode()
    reply = _asked(argv, document, programs=programs, environment=_told(message), folder=folder)
    if reply.status:
        wish = _RETRY_AFTER.search(reply.stdout)
        raise DeliveryError(
            _ended(argv[0], reply),
            hint="start it by hand, with an event on its stdin",
            retry_after=None if wish is None else timedelta(seconds=int(wish[1])),
        )


def send_by_sendmail(mail: EmailMessage, *, environ: Mapping[str, str], programs: Programs) -> None:
    """Hand a mail to the local sendmail; raises DeliveryError."""
    hint = 'write [smtp] with host = "…"'
    program = shutil.which("sendmail", path=f"{environ.get('PATH', '')}:{_SENDMAIL_PATH}")
    if program is None:
        raise DeliveryError("there is no [smtp], and no sendmail on this machine", hint=hint)
    reply = _asked((program, "-t", "-i"), mail.as_bytes(), programs=programs)
    if reply.status:
        raise DeliveryError(_ended(program, reply), hint=f"is local mail set up? else {hint}")


def _asked(
    argv: Sequence[str],
    question: bytes,
    *,
    programs: Programs,
    environment: Mapping[str, str] | None = None,
    folder: str = "/",
) -> Reply:
    try:
        reply = programs.ask(
            argv,
            question=question,
            patience=PATIENCE,
            limit=_LIMIT,
            environment=environment,
            folder=folder,
        )
    except OSError as error:
        hint = "write its whole path, and let it be executable"
        what = f"{argv[0]} cannot be started in {folder}: {error.strerror}"
        raise DeliveryError(what, hint=hint) from None
    if reply.status is None:
        hint = "what takes longer can go on in the background: setsid program &"
        raise DeliveryError(f"{argv[0]} did not end in time", hint=hint)
    return reply


def _told(message: Message) -> dict[str, str]:
    event = message.events[0]
    run = event["run"]
    return {
        "FLOWCRON_EVENT": event["event"],
        "FLOWCRON_JOB": event["job"] or "",
        "FLOWCRON_RUN_ID": "" if run is None else str(run["id"]),
        "FLOWCRON_HOST": event["host"],
        "FLOWCRON_SUBJECT": message.subject,
    }


def _ended(program: str, reply: Reply) -> str:
    code = os.waitstatus_to_exitcode(reply.status or 0)
    how = f"was killed by {signal_name(-code)}" if code < 0 else f"ended with {code}"
    lines = [line for line in reply.stderr.splitlines() if line.strip()]
    return f"{program} {how}{f': {said_in_a_line(lines[-1])}' if lines else ''}"
