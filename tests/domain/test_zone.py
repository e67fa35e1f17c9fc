from __future__ import annotations

import contextlib
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcron.domain.zone import ZoneError, zone_of


@pytest.mark.parametrize("name", sorted(available_timezones() - {"localtime", "Factory"})[::20])
def test_a_zone_is_an_iana_name(name: str) -> None:
    assert zone_of(name).key == name


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Pariss", 'did you mean "Europe/Paris"?'),
        ("europe/berlin", 'did you mean "Europe/Berlin"?'),
        ("America/New York", 'did you mean "America/New_York"?'),
        ("Berlin", 'did you mean "Europe/Berlin"?'),
        ("PST", "use a name like America/Los_Angeles"),
        ("cest", "use a name like Europe/Berlin"),
        ("+02:00", "use a name like Europe/Berlin or UTC"),
        ("", "use a name like Europe/Berlin or UTC"),
        ("localtime", "use a name like"),
        ("Factory", "use a name like"),
        ("right/Europe/Berlin", "Europe/Berlin"),
        ("posix/UTC", "UTC"),
        ("Europe", "use a name like"),
        ("../etc/passwd", "use a name like"),
        ("/etc/localtime", "use a name like"),
        ("zone.tab", "use a name like"),
        ("a\0b", "use a name like"),
        ("x" * 5000, "use a name like"),
        ("\udc80", "use a name like"),
    ],
)
def test_what_is_no_zone_is_refused_with_what_was_meant(name: str, hint: str) -> None:
    with pytest.raises(ZoneError) as caught:
        zone_of(name)

    assert "unknown time zone" in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.message.isascii()
    assert caught.value.message.isprintable()


@given(st.text(max_size=30))
@settings(deadline=None, max_examples=50)
def test_any_text_is_a_zone_or_a_zone_error(name: str) -> None:
    with contextlib.suppress(ZoneError):
        assert zone_of(name).key == name
