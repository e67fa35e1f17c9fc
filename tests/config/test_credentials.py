"""Which credentials a configuration refers to."""

from __future__ import annotations

from pathlib import Path

from flowcron.config.credentials import credentials_in


def test_every_reference_in_every_file_counts_and_the_first_user_is_named(tmp_path: Path) -> None:
    main = tmp_path / "schedules.toml"
    main.write_text(
        "[defaults]\nsecrets = { A = 'credential:all' }\n"
        "[smtp]\nhost = 'x'\npassword = 'credential:smtp.pass'\n"
        "[alerts.oncall]\nto = ['credential:pagerduty', 'env:X']\n"
        "[jobs.a]\ncommand = 'echo credential:no'\nsecrets = { B = 'credential:pg' }\n"
        "[jobs.b]\ncommand = 'true'\nsecrets = { C = 'file:/x', D = 'credential:pg' }\n"
    )
    more = tmp_path / "schedules.d" / "more.toml"
    more.parent.mkdir()
    more.write_text("[jobs.c]\ncommand = 'true'\nsecrets = { E = 'credential:s3' }\n")

    assert credentials_in(main) == {
        "all": "[defaults]",
        "smtp.pass": "[smtp]",
        "pagerduty": "alert oncall",
        "pg": "job a",
        "s3": "job c",
    }


def test_a_configuration_without_any_needs_none(tmp_path: Path) -> None:
    main = tmp_path / "schedules.toml"
    main.write_text('[jobs.a]\ncommand = "true"\n')

    assert credentials_in(main) == {}
