"""doctor on the configuration."""

from __future__ import annotations

from pathlib import Path

from flowcron.app.asking import LOCK
from flowcron.app.doctor.about_configuration import configuration
from flowcron.app.doctor.case import Choices
from flowcron.app.doctor.finding import Level
from flowcron.config.sources import digest_at
from holding import holding
from looks import WELL, Looks, levels


def test_a_configuration_without_a_mistake_is_well_and_says_why_it_was_chosen(looks: Looks) -> None:
    looks.configure(WELL)

    (finding,) = looks.findings(configuration, choices=Choices(config="by -c"))

    assert finding.level is Level.OK
    assert finding.text == f"config {looks.config}, 1 job, by -c"


def test_no_configuration_is_a_warning(looks: Looks) -> None:
    (finding,) = looks.findings(configuration)

    assert (finding.level, finding.fix) == (Level.WARNING, "flowcron init")


def test_mistakes_are_a_problem_that_quotes_nothing_from_the_file(looks: Looks) -> None:
    looks.configure('[jobs.backup]\ncommand = "x"\nsecrets = { PASSWORD = "hunter2" }\ntimeuot = 1')

    (finding,) = looks.findings(configuration)

    assert finding.level is Level.PROBLEM
    assert finding.text.startswith(f"2 mistakes in {looks.config} (the first: ")
    assert "hunter2" not in repr(finding)


def test_warnings_of_check_are_a_warning(looks: Looks) -> None:
    looks.configure(WELL + 'env_file = "nowhere.env"\n')

    (finding,) = looks.findings(configuration)

    assert finding.level is Level.WARNING
    assert finding.text == f"1 warning in {looks.config} (env-file, line 8)"


def test_what_the_scheduler_has_not_loaded_is_a_warning(looks: Looks) -> None:
    looks.configure(WELL)
    looks.story().scheduler(looks.config, digest_at(looks.config))
    looks.configure(WELL + "\n# another byte\n")

    with holding(looks.history.parent / LOCK):
        findings = looks.findings(configuration)

    assert levels(findings) == [Level.OK, Level.WARNING]
    assert findings[1].fix == "flowcron reload"


def test_a_scheduler_that_uses_another_file_is_a_warning(looks: Looks) -> None:
    looks.configure(WELL)
    looks.story().scheduler(Path("/etc/other.toml"), "digest")

    with holding(looks.history.parent / LOCK):
        findings = looks.findings(configuration)

    assert levels(findings) == [Level.OK, Level.WARNING]
    assert "/etc/other.toml" in findings[1].text
