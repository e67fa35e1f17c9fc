"""Mail through a real SMTP server, encrypted and not, and through a sendmail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flowcron.domain.alerting import Event
from flowcron.domain.channel import Channel, Smtp
from receivers import Certificates, free_port, mail_server
from sending import Outbox

LOGIN = ("flowcron", "correct-horse")
OPS = Channel("ops", email=("ops@example.com", "boss@example.com"))


def smtp(port: int, *, tls: str = "none", host: str = "localhost", **login: str) -> Smtp:
    return Smtp(host, port, "flowcron@example.com", tls=tls, **login)


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
def test_a_mail_arrives_with_the_headers_that_mail_needs(
    sending: Outbox,
    certificates: Certificates,
    secret: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    tls: str,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    row = sending.put()
    with mail_server(certificates, tls=tls, login=LOGIN) as server:
        how = smtp(server.port, tls=tls, username=LOGIN[0], password=secret(LOGIN[1]))
        answer = sending.deliver(OPS, "email", row, smtp=how)

    assert (answer.sent, answer.error, answer.via) == ((row,), None, "email")
    assert sending.states == ["sent"]
    (mail,) = server.mails
    assert server.recipients == [["ops@example.com", "boss@example.com"]]
    assert mail["Subject"].startswith("✗ backup failed on ")
    assert mail["From"] == "flowcron@example.com"
    assert mail["To"] == "ops@example.com, boss@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].startswith("<")
    assert mail["Date"].datetime.tzinfo is not None
    assert "│ no such table\n" in mail.get_content()


def test_a_mail_that_is_sent_again_can_be_recognised(
    sending: Outbox, certificates: Certificates
) -> None:
    row = sending.put()
    with mail_server(certificates) as server:
        for _ in range(2):
            sending.deliver(OPS, "email", row, smtp=smtp(server.port))

    first, second = server.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_mails_of_one_incident_are_one_conversation(
    sending: Outbox, certificates: Certificates
) -> None:
    rows = [sending.put(), sending.put(Event.RECOVERY, "works again after 2m 00s")]
    sending.story.db.execute("UPDATE outbox SET incident_id = 7")
    with mail_server(certificates) as server:
        for row in rows:
            sending.deliver(OPS, "email", row, smtp=smtp(server.port))

    first, second = server.mails
    assert first["References"] == second["References"] == first["In-Reply-To"]
    assert first["Message-ID"] != second["Message-ID"]


def test_a_wrong_password_is_named_by_where_it_comes_from(
    sending: Outbox, certificates: Certificates, secret: Callable[[str], str]
) -> None:
    reference = secret("battery-staple")
    with mail_server(certificates, login=LOGIN) as server:
        how = smtp(server.port, username=LOGIN[0], password=reference)
        answer = sending.deliver(OPS, "email", sending.put(), smtp=how)

    assert answer.failed
    assert sending.states == ["waiting"]
    assert answer.error is not None
    assert answer.error.startswith(f"localhost:{server.port} refused the password: 535 ")
    assert answer.error.endswith("(user flowcron)")
    assert answer.hint == f"password comes from {reference}"
    assert "battery" not in repr(answer)


def test_a_secret_that_is_missing_is_named(sending: Outbox) -> None:
    how = smtp(free_port(), username="flowcron", password="env:NO_SUCH_PASSWORD")

    answer = sending.deliver(OPS, "email", sending.put(), smtp=how)

    assert answer.error == "env:NO_SUCH_PASSWORD is not set"


def test_a_server_that_is_not_there_is_named(sending: Outbox) -> None:
    port = free_port()

    answer = sending.deliver(OPS, "email", sending.put(), smtp=smtp(port))

    assert answer.error == f"localhost:{port} refused the connection"
    assert answer.hint == "is the service running, and are host and port right?"


def test_a_host_that_does_not_exist_is_named(sending: Outbox) -> None:
    how = smtp(25, host="no-such-host.invalid")

    answer = sending.deliver(OPS, "email", sending.put(), smtp=how)

    assert answer.error == "no-such-host.invalid:25: there is no such host"


def test_a_certificate_that_nobody_trusts_is_named(
    sending: Outbox, certificates: Certificates
) -> None:
    with mail_server(certificates, tls="starttls") as server:
        how = smtp(server.port, tls="starttls")
        answer = sending.deliver(OPS, "email", sending.put(), smtp=how)

    assert answer.error is not None
    assert f"localhost:{server.port} has a certificate that is not trusted" in answer.error


def test_the_wrong_kind_of_encryption_is_named(sending: Outbox, certificates: Certificates) -> None:
    with mail_server(certificates) as server:
        plain = sending.deliver(OPS, "email", sending.put(), smtp=smtp(server.port, tls="starttls"))
        tls = sending.deliver(OPS, "email", sending.put(), smtp=smtp(server.port, tls="tls"))

    assert plain.error == f"localhost:{server.port} does not offer STARTTLS"
    assert tls.error is not None
    assert "does not speak TLS" in tls.error


def test_who_of_several_is_refused_is_noted_and_the_others_are_told(
    sending: Outbox, certificates: Certificates
) -> None:
    with mail_server(certificates) as server:
        server.refusal = {"boss@example.com": "550 no such user"}
        some = sending.deliver(OPS, "email", sending.put(), smtp=smtp(server.port))
        server.refusal |= {"ops@example.com": "550 nor this one"}
        nobody = sending.deliver(OPS, "email", sending.put(), smtp=smtp(server.port))

    assert some.sent
    assert some.note == f"localhost:{server.port} refused boss@example.com: no such user"
    assert nobody.error is not None
    assert "refused every recipient" in nobody.error
    assert "nor this one" in nobody.error


def test_what_a_job_printed_is_a_mail_like_crons(
    sending: Outbox, certificates: Certificates
) -> None:
    output = b"first\r\n" + b"\x1b[31mred\n" * 300
    row = sending.put(Event.MAIL, "exit 2", output=output, details={"to": ["kim@example.com"]})
    with mail_server(certificates) as server:
        answer = sending.deliver(None, "email", row, smtp=smtp(server.port))

    assert answer.sent == (row,)
    (mail,) = server.mails
    assert mail["Subject"].startswith("Cron <")
    assert mail["Subject"].endswith("> backup: exit 2")
    assert server.recipients == [["kim@example.com"]]
    assert mail.get_content() == "first\n" + "\\x1b[31mred\n" * 300


def test_of_a_very_long_output_the_end_is_mailed(
    sending: Outbox, certificates: Certificates
) -> None:
    row = sending.put(Event.MAIL, "ok", output=b"", details={"to": ["kim@example.com"]})
    ((run,),) = sending.story.db.execute("SELECT run_id FROM outbox")
    sending.story.db.execute("UPDATE attempts SET output_bytes = 300000")
    (identity,) = sending.story.db.execute("SELECT id FROM identity").fetchone()
    log = sending.story.path.parent / "logs" / identity / "0000"
    log.mkdir(parents=True)
    (log / f"{run}.1.0.log").write_bytes(b"0123456789\n" * 30_000)
    with mail_server(certificates) as server:
        sending.deliver(None, "email", row, smtp=smtp(server.port))

    text = server.mails[0].get_content()
    assert text.startswith(f"(the first 44 KB are left out: flowcron logs {run})\n")
    assert text.endswith("\n0123456789\n")
    assert 250_000 < len(text) < 260_000


def test_without_smtp_the_local_sendmail_is_used(
    sending: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "sendmail"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\ncat > {tmp_path}/mail\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    answer = sending.deliver(OPS, "email", sending.put())

    assert (answer.error, answer.via) == (None, "sendmail")
    assert (tmp_path / "arguments").read_text() == "-t -i\n"
    assert "To: ops@example.com, boss@example.com" in (tmp_path / "mail").read_text()
