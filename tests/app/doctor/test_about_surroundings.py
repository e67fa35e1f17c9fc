"""doctor on the locale and the variables of whoever asks."""

from __future__ import annotations

from flowcron.app.doctor.about_surroundings import environment, locale
from flowcron.app.doctor.case import Choices
from flowcron.app.doctor.finding import Level
from looks import Looks, levels


def test_utf8_is_well_and_anything_else_a_warning(looks: Looks) -> None:
    assert levels(looks.findings(locale, choices=Choices(charset="UTF-8"))) == [Level.OK]
    for charset in ("C", "de_DE.ISO-8859-1", ""):
        assert levels(looks.findings(locale, choices=Choices(charset=charset))) == [Level.WARNING]


def test_a_variable_that_means_nothing_is_a_warning_with_what_was_meant(looks: Looks) -> None:
    chosen = Choices(variables=("FLOWCRON_DB",), unknown=(("FLOWCRON_BD", 'did you mean "x"?'),))

    wrong, well = looks.findings(environment, choices=chosen)

    assert (wrong.level, wrong.where, wrong.fix) == (
        Level.WARNING,
        "FLOWCRON_BD",
        'did you mean "x"?',
    )
    assert "FLOWCRON_DB set" in well.text
