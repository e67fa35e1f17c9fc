"""Making the scheduler look."""

from __future__ import annotations

import select
from pathlib import Path

from flowcron.system import poke


def test_a_poke_is_heard_also_in_a_folder_with_a_long_name(tmp_path: Path) -> None:
    state = tmp_path / ("long" * 40)
    state.mkdir()
    with poke.listen(state) as listener:
        poke.poke(state)

        assert select.select([listener], [], [], 5)[0]
        poke.drain(listener)
        assert not select.select([listener], [], [], 0)[0]


def test_a_poke_where_nobody_listens_is_no_error(tmp_path: Path) -> None:
    poke.poke(tmp_path)
    poke.listen(tmp_path).close()

    poke.poke(tmp_path)


def test_more_pokes_than_a_socket_holds_are_no_error(tmp_path: Path) -> None:
    with poke.listen(tmp_path) as listener:
        for _ in range(2000):
            poke.poke(tmp_path)

        poke.drain(listener)
        assert not select.select([listener], [], [], 0)[0]


def test_the_socket_is_for_its_owner_alone_and_takes_the_place_of_a_dead_ones(
    tmp_path: Path,
) -> None:
    poke.listen(tmp_path).close()

    with poke.listen(tmp_path):
        assert (tmp_path / poke.NAME).stat().st_mode & 0o777 == 0o600
