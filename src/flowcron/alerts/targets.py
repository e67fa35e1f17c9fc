"""The ways a message can go: what each target of a channel needs, and who delivers it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

from flowcron.alerts.facts import Facts, Sender
from flowcron.alerts.failure import DeliveryError
from flowcron.alerts.keys import Keys
from flowcron.alerts.letter import Letter, mail_of
from flowcron.alerts.message import Message
from flowcron.alerts.order import Site
from flowcron.alerts.printed import whoami
from flowcron.alerts.program import run_program, send_by_sendmail
from flowcron.domain.channel import Channel
from flowcron.system import clock
from flowcron.system.programs import Programs


class Taken(NamedTuple):
    """It was delivered: by which service, and what was not all well."""

    via: str
    note: str | None = None


class Targets:
    """Delivers messages, each by the way that its target has."""

    def __init__(self, site: Site, sender: Sender, keys: Keys, programs: Programs) -> None:
        self._site = site
        self._sender = sender
        self._keys = keys
        self._programs = programs

    def deliver(self, message: Message, channel: Channel, target: str) -> Taken:
        """Deliver a message; raises FlowcronError unless all of it was taken."""
        if target == "email":
            letter = Letter(message.subject, message.text, message.key, message.thread)
            return self.mail(letter, channel.email)
        if target == "command":
            folder = str(Path(self._site.config).parent)
            run_program(channel.command, message, folder=folder, programs=self._programs)
            return Taken(Path(channel.command[0]).name)
        url = channel.url_of(target)
        if url is None:
            raise self._gone(channel, target)
        return self._to_url(self._keys.url(url), message)

    def ping(self, facts: Facts, channel: Channel, target: str) -> Taken:
        """Tell a monitor how a run is doing; raises FlowcronError."""
        from flowcron.alerts import monitors  # noqa: PLC0415 each way loads only its own

        history, sentry = self._sender.history, self._site.sentry
        if target == "healthchecks" and channel.healthchecks is not None:
            url = self._keys.url(channel.healthchecks)
            monitors.ping_healthchecks(url, facts, history=history)
        elif target == "sentry" and sentry is not None:
            dsn = self._keys.url(sentry.dsn)
            monitors.check_in(dsn, facts, history=history, environment=sentry.environment)
        else:
            raise self._gone(channel, target)
        return Taken(target)

    def mail(self, letter: Letter, to: tuple[str, ...]) -> Taken:
        """Send a mail by [smtp], or by the local sendmail where there is none."""
        smtp, host = self._site.smtp, self._sender.host
        sender = f"{whoami()}@{host}" if smtp is None else smtp.sender
        mail = mail_of(letter, sender=sender, to=to, host=host, at=clock.now())
        if smtp is None:
            send_by_sendmail(mail, environ=os.environ, programs=self._programs)
            return Taken("sendmail")
        from flowcron.alerts.smtp import send_by_smtp  # noqa: PLC0415 each way loads only its own

        password = None if smtp.password is None else self._keys.value(smtp.password)
        return Taken("email", send_by_smtp(mail, to, smtp=smtp, password=password))

    def _gone(self, channel: Channel, target: str) -> DeliveryError:
        hint = "it stays in the outbox for a day; write it again, or leave it"
        return DeliveryError(f"[alerts.{channel.name}] has no {target} any more", hint=hint)

    def _to_url(self, url: str, message: Message) -> Taken:
        """Hand a message to a service that Apprise knows, or else the event to a plain webhook."""
        from flowcron.alerts import services  # noqa: PLC0415 each way loads only its own

        service = services.service_of(url)
        if service is not None:
            self._keys.hide(services.secrets_in(url, service))
            name = services.name_of(service, url)
            services.send_to_service(service, name, message)
            return Taken(name)
        if not url.startswith(("http://", "https://")):
            hint = "see Apprise's documentation for what a URL of this service looks like"
            kind = url.partition("://")[0] if "://" in url else "it"
            raise DeliveryError(f"Apprise cannot use this URL: {kind}://…", hint=hint)
        from flowcron.alerts import web  # noqa: PLC0415 the same

        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        body = json.dumps(message.document, ensure_ascii=False).encode()
        web.request(url, body=body, headers=headers)
        return Taken(web.host_of(url))
