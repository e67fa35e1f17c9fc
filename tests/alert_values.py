"""What channels, jobs' alerts, [smtp] and [sentry] may say in schedules.toml, and may not."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from odd_values import DURATIONS, TEXTS, WRONG, mostly

ADDRESSES = [
    *("ops@example.com", "root", "müller@example.com", "o'x+y=z@[::1]"),
    *("", "a b", "-oQ/x", "a@b,c@d", "<a@b>", "a\nb@c", "a\x00", "|x", "\x7f", "a\u2028b", ".a"),
    *([], ["root"], ["root", ""], ["a b"], [5], 5, True, {}),
]
REMINDERS = ["12h", "never", "each", "Each", "", "0s", "000ms", "5", 5, "1M", "5 m", "x", "ever"]
REFERENCES = ["env:A", "env:", "env:2", "file:/x", "file:", "credential:x", "command:pass x", "x:y"]
URLS = [
    *REFERENCES,
    "https://x/y",
    "http://x",
    "https://",
    "ftp://x",
    "https://x y",
    "",
    5,
    True,
    [],
]
TO = [
    *(*URLS, "slack://a/b/c", "ntfy://topic", "a@b.c", "://x", "slack:/x", "5x://y", "x://\u00e9"),
    *(["slack://a"], ["env:A", "slack://a"], ["a@b.c"], [], [5], {}),
]
ALERTED = mostly(
    "ops",
    ["ops", "oncall"],
    [],
    {"to": "ops", "failures": 4, "remind": "1h"},
    {"to": ["ops"], "remind": "each"},
    also=[
        *("", "a b", 5, True, {}, [5], ["a b"]),
        *(
            {"to": []},
            {"to": 5},
            {"failures": 3},
            {"to": "ops", "failures": 0},
            {"to": "ops", "x": 1},
        ),
        *({"to": "ops", "remind": value} for value in REMINDERS),
    ],
)
CHANNEL = {
    "email": mostly("root", also=ADDRESSES),
    "to": mostly("slack://a", also=TO),
    "command": mostly(
        "page", ["page", "--stdin"], also=["", [], [""], ["x", 5], "\x00", 5, True, {}]
    ),
    "healthchecks": mostly("https://x/y", also=URLS),
    "sentry": mostly(True, False),
    "on": mostly(
        ["failure"],
        ["recovery", "missed", "late", "slow", "start", "success", "retry", "scheduler"],
        also=[[], "failure", ["mail"], ["test"], [""], [5], {}, True],
    ),
    "failures": mostly(1, 10**6, also=[0, -1, 10**6 + 1, 1.5, "1", True, [1]]),
    "remind": mostly("12h", also=REMINDERS),
    "group": mostly("30s", "0s", also=DURATIONS),
    "quiet": mostly(
        "22:00-07:00",
        "00:00-23:59",
        also=["07:00-07:00", "7:00-8:00", "24:00-01:00", "22:60-01:00", "22:00", "", 5, True, []],
    ),
    "limit": mostly(
        "20/h",
        "5/10m",
        also=["0/h", "5", "5/", "5/x", "5/0m", "5/1h30m", "1000000/h", "05/h", "5/ms", "/h", 5, {}],
    ),
    "fallback": mostly("oncall", also=["", "a b", 5, True, ["oncall"], {}]),
    "output": mostly(True, False),
    "params": mostly(True, False),
}
PLACES: list[dict[str, Any]] = [
    {"email": "root"},
    {"healthchecks": "https://x"},
    {"sentry": True},
    {"sentry": False},
    {},
]
CHANNELS = st.builds(
    dict.__or__, st.sampled_from(PLACES), st.fixed_dictionaries({}, optional=CHANNEL)
) | st.builds(
    lambda key, value: {"to": "slack://a", key: value},
    *(st.sampled_from(sorted(CHANNEL)), st.sampled_from(WRONG)),
)
SMTP = st.fixed_dictionaries(
    {"host": mostly("smtp.example.com", "::1", also=["", "a b", "smtp.x:587", "https://x", 5, []])},
    optional={
        "port": mostly(587, 1, also=[0, 65_536, "587", 1.5, True]),
        "username": mostly("x", also=[*TEXTS, *WRONG]),
        "password": mostly("env:A", also=[*REFERENCES, "secret", 5]),
        "from": mostly("a@b.c", also=ADDRESSES),
        "tls": mostly("starttls", "tls", "none", also=["ssl", "", True]),
    },
)
SENTRY = st.fixed_dictionaries(
    {"dsn": mostly("https://k@sentry.io/1", also=URLS)},
    optional={"environment": mostly("production", also=[*TEXTS, *WRONG])},
)
