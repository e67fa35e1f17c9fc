"""Which files of secrets a configuration names."""

from __future__ import annotations

from pathlib import Path

from flowcron.config.secret_files import env_files, secret_files


def test_files_are_found_wherever_secrets_are_and_nowhere_else(tmp_path: Path) -> None:
    config = tmp_path / "schedules.toml"
    config.write_text(
        """
        [defaults]
        secrets = { A = "file:a", B = "env:B" }
        [jobs.one]
        command = "file:not-a-secret"
        secrets = { C = "file:/etc/c" }
        env_file = "one.env"
        [smtp]
        password = "file:smtp"
        [alerts.ops]
        to = ["file:slack"]
        """
    )

    assert secret_files(config) == [
        tmp_path / "a",
        Path("/etc/c"),
        tmp_path / "slack",
        tmp_path / "smtp",
    ]
    assert env_files(config) == [tmp_path / "one.env"]


def test_a_configuration_with_mistakes_names_files_too(tmp_path: Path) -> None:
    config = tmp_path / "schedules.toml"
    config.write_text('[jobs.one]\nsecrets = { A = "file:a", B = 7 }\nenv_file = 7\n[jobs.two')

    assert secret_files(config) == [tmp_path / "a"]
    assert env_files(config) == []
