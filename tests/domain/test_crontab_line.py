"""The command in a line of a crontab."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import make_job
from flowcron.domain.crontab_line import command_of, is_same


@pytest.mark.parametrize(
    ("line", "has_user", "command"),
    [
        ("30 2 * * *  pg_dump shop | gzip", False, "pg_dump shop | gzip"),
        ("*/5\t*\t*\t*\t*\tsync.sh", False, "sync.sh"),
        ("@reboot warmup --all", False, "warmup --all"),
        ("0 4 * * * root certbot renew", True, "certbot renew"),
        ("@daily root certbot renew", True, "certbot renew"),
        ("0 9 * * 1 mail -s report boss%Hi%there", False, "mail -s report boss"),
        (r"0 9 * * 1 date +\%F", False, "date +%F"),
        ("# 30 2 * * * pg_dump", False, None),
        ("MAILTO=ops@example.com", False, None),
        ("PATH = /usr/bin", False, None),
        ("", False, None),
        ("30 2 * * *", False, None),
        ("30 2 * * * root", True, None),
    ],
)
def test_the_command_is_what_cron_would_run(line: str, has_user: bool, command: str | None) -> None:
    assert command_of(line, has_user=has_user) == command


@given(st.text(), st.booleans())
def test_no_line_is_too_strange(line: str, has_user: bool) -> None:
    command = command_of(line, has_user=has_user)

    assert command is None or isinstance(command, str)


def test_commands_are_the_same_however_they_are_spaced() -> None:
    job = make_job(command="pg_dump  shop |\n gzip")

    assert is_same(job, "pg_dump shop | gzip")
    assert not is_same(job, "pg_dump shop")


def test_a_list_is_the_same_as_the_line_that_means_it() -> None:
    job = make_job(command=("echo", "two words", "x"))

    assert is_same(job, "echo 'two words' x")
    assert not is_same(job, "echo two words x")
