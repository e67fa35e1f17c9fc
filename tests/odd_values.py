"""Values that no key may have, and strategies that give them now and then."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

DURATIONS = ["5s", "1h30m", "0s", "000ms", "5", "", "1M", "1.5h", "-5s", "5 m", "1h ", "36525d", 5]
TEXTS = ["", "x", "日本", "\x00", "a\nb", "\x7f\u202e", " "]
WRONG = [True, False, 0, -1, 1.5, "", "x", [], [1], ["x"], {}, {"x": 1}, [[]], 2**70]


def mostly(*good: Any, also: Any = WRONG) -> st.SearchStrategy[Any]:
    """Return a strategy that gives good values nearly always, and otherwise any of `also`."""
    return st.integers(0, 19).flatmap(
        lambda chance: st.sampled_from([*good, *also] if chance == 19 else good)
    )
