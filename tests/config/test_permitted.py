"""Users, groups, priorities and limits: what the machine does not have or does not allow."""

from __future__ import annotations

import grp
import os
import pwd
import resource
from pathlib import Path
from typing import Any

import pytest

from flowcron.config.accounts import Rights, account, our_rights, ourselves
from flowcron.config.load import load
from flowcron.config.permitted import not_permitted
from flowcron.errors import ConfigError

ROOT = Rights(0, 0)
EVE = Rights(os.geteuid() or 65_534, os.getegid() or 65_534, lowest_nice=0, most={})
OURS, OUR_GROUP = os.geteuid(), os.getegid()
NAMELESS = 2**31 - 77
NOBODY = pwd.getpwnam("nobody")


def wrong(rights: Rights, **keys: Any) -> list[tuple[tuple[Any, ...], str]]:
    """Return where and how a job with these keys wants too much."""
    table = {"jobs": {"a": {"command": "x"} | keys}}
    found = list(not_permitted(table, rights))
    assert {each.code for each in found} <= {"user"}
    return [(each.path[2:], f"{each.message}; {each.help}") for each in found]


def test_root_may_be_anybody_who_exists() -> None:
    assert wrong(ROOT, user="nobody", group=grp.getgrgid(NOBODY.pw_gid).gr_name) == []
    assert wrong(ROOT, user=NOBODY.pw_uid, group=NOBODY.pw_gid, nice=-20) == []


@pytest.mark.parametrize("rights", [ROOT, EVE])
@pytest.mark.parametrize("key", ["user", "group"])
def test_an_account_that_does_not_exist_is_an_error_for_everybody(rights: Rights, key: str) -> None:
    ((place, said),) = wrong(rights, **{key: "nobodi-at-all"})

    assert place == (key,)
    assert said.startswith(f'there is no {key} "nobodi-at-all"; ')
    for number in (2**32 - 1, 2**40, 2**70, "4294967295", "9" * 5_000):
        assert len(wrong(rights, **{key: number})) == 1


def test_a_number_needs_no_account_but_then_a_group() -> None:
    ((place, said),) = wrong(ROOT, user=NAMELESS)

    assert (place, said) == (
        ("user",),
        f"user {NAMELESS} has no account here, so it has no group; write group = … as well",
    )
    assert wrong(ROOT, user=NAMELESS, group=NAMELESS) == []
    assert wrong(ROOT, user=str(NAMELESS), group="0") == []
    assert list(not_permitted({"jobs": {"a": {"user": NAMELESS}}}, ROOT, has_group=True)) == []


def test_a_group_of_the_defaults_is_enough_for_a_number(tmp_path: Path) -> None:
    path = tmp_path / "schedules.toml"
    text = f"[defaults]\ngroup = {OUR_GROUP}\n[jobs.a]\ncommand = 'x'\nuser = {NAMELESS}\n"
    path.write_text(text, encoding="utf-8")

    if our_rights().is_root:
        assert load(path).jobs[0].user == NAMELESS
    else:
        with pytest.raises(ConfigError, match="is not the user that runs flowcron"):
            load(path)


def test_a_user_that_is_nearly_right_is_suggested() -> None:
    assert wrong(ROOT, user="nobdy") == [
        (("user",), 'there is no user "nobdy"; did you mean "nobody"?')
    ]


def test_another_user_needs_root() -> None:
    rights = Rights(NOBODY.pw_uid, NOBODY.pw_gid)

    ((place, said),) = wrong(rights, user="root")

    assert place == ("user",)
    assert said.startswith('"root" is not the user that runs flowcron; needs root: run flowcron')
    assert [place for place, _ in wrong(rights, user=0, group=0)] == [("user",), ("group",)]
    assert wrong(rights, user="nobody", group=NOBODY.pw_gid) == []


def test_a_group_alone_is_fine_where_it_may_be() -> None:
    assert wrong(ROOT, group="nogroup" if _has_group("nogroup") else "nobody") == []
    assert wrong(Rights(NOBODY.pw_uid, NOBODY.pw_gid), group=NOBODY.pw_gid) == []


def _has_group(name: str) -> bool:
    return any(entry.gr_name == name for entry in grp.getgrall())


def test_a_priority_or_a_limit_that_this_user_cannot_set_is_an_error() -> None:
    most = {"memory": 10**9, "cpu_time": 3600, "open_files": 1024}
    rights = Rights(NOBODY.pw_uid, NOBODY.pw_gid, lowest_nice=0, most=most)

    assert wrong(rights, nice=0, memory="1GB", cpu_time="1h", open_files=1024) == []
    assert [said.partition(";")[0] for _, said in wrong(rights, nice=-1)] == [
        "nice -1 is below 0, the lowest that this user may set"
    ]
    found = wrong(rights, memory="1001MB", cpu_time="61m", open_files=1025)
    assert [(*place, said.partition(";")[0]) for place, said in found] == [
        ("memory", '"memory" is more than 1GB, the most that is allowed here'),
        ("cpu_time", '"cpu_time" is more than 1h, the most that is allowed here'),
        ("open_files", '"open_files" is more than 1024, the most that is allowed here'),
    ]


def test_what_is_of_a_wrong_kind_is_left_to_others() -> None:
    rights = Rights(NOBODY.pw_uid, NOBODY.pw_gid, lowest_nice=0, most={"memory": 1, "cpu_time": 1})

    values: tuple[Any, ...] = (True, None, [], {}, 1.5, "x y z", [["x"]])
    for value in values:
        assert wrong(rights, nice=value, memory=value, cpu_time=value) == []
    for table in ({"jobs": 5, "defaults": []}, {"jobs": {"a": 5}}, {"jobs": {"a": {"user": True}}}):
        assert list(not_permitted(table, rights)) == []


def test_the_defaults_are_asked_too_and_each_place_is_told() -> None:
    table = {"defaults": {"user": "no-one"}, "jobs": {"a": {}, "b": {"user": "no-one"}}}

    assert [each.path for each in not_permitted(table, ROOT)] == [
        ("defaults", "user"),
        ("jobs", "b", "user"),
    ]


def test_our_rights_are_those_of_this_process() -> None:
    rights = our_rights()

    assert (rights.uid, rights.gid) == (OURS, OUR_GROUP)
    if rights.is_root:
        assert rights.lowest_nice == -20
    else:
        assert rights.lowest_nice <= os.getpriority(os.PRIO_PROCESS, 0)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        assert rights.most.get("open_files", hard) == hard


def test_an_account_has_the_groups_that_its_processes_get() -> None:
    entry = pwd.getpwuid(OURS)
    other = next(group.gr_gid for group in grp.getgrall() if group.gr_gid != entry.pw_gid)

    ours, with_other = account(OURS), account(OURS, group=other)

    assert ours is not None
    assert with_other is not None
    assert (ours.name, ours.uid, ours.gid) == (entry.pw_name, OURS, entry.pw_gid)
    assert ours.gid in ours.groups
    assert (with_other.gid, other in with_other.groups) == (other, True)


def test_a_user_without_an_account_is_a_number_in_one_group() -> None:
    nameless = account(NAMELESS, group=5)

    assert account(NAMELESS) is None
    assert nameless is not None
    assert (nameless.name, nameless.groups) == (str(NAMELESS), (5,))


def test_we_have_the_groups_of_this_process() -> None:
    ours = ourselves()

    assert (ours.uid, ours.gid) == (OURS, OUR_GROUP)
    assert set(ours.groups) == {OUR_GROUP, *os.getgroups()}


def test_a_configuration_with_an_unknown_user_cannot_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "schedules.toml"
    path.write_text('[jobs.a]\ncommand = "x"\nuser = "nobodi-at-all"\n', encoding="utf-8")

    with pytest.raises(ConfigError) as refused:
        load(path)

    (problem,) = refused.value.problems
    assert (problem.code, problem.line, problem.column) == ("user", 3, 8)
