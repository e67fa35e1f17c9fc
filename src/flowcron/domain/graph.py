"""Names that come before other names: what leads where, and in which order.

Nothing here recurses: ten thousand jobs may stand in one line.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping


def followers(upstreams: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return what comes after each name, of what comes before each."""
    found: dict[str, list[str]] = {}
    for name, ups in upstreams.items():
        for each in ups:
            found.setdefault(each, []).append(name)
    return found


def reached(
    root: str, edges: Mapping[str, Iterable[str]], *, without: Container[str] = ()
) -> dict[str, None]:
    """Return the root and all that the edges lead to, `without` going through some."""
    found, left = {root: None}, [root]
    while left:
        for name in edges.get(left.pop(), ()):
            if name not in found and name not in without:
                found[name] = None
                left.append(name)
    return found


def in_order(upstreams: Mapping[str, Iterable[str]]) -> list[str]:
    """Return names so that each comes after those before it; without those behind a circle."""
    known = {name: set(ups) for name, ups in upstreams.items()}
    missing = {name: len(ups) for name, ups in known.items()}
    after = followers(known)
    placed = [name for name, count in missing.items() if not count]
    for name in placed:
        for follower in after.get(name, ()):
            missing[follower] -= 1
            if not missing[follower]:
                placed.append(follower)
    return placed


def knots(upstreams: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the groups of names that come before each other, both ways; each in given order.

    Kosaraju's way: what can be reached backwards from the last one finished is one group.
    """
    number = {name: place for place, name in enumerate(upstreams)}
    after = followers(upstreams)
    taken: set[str] = set()
    found: list[list[str]] = []
    for root in reversed(_finished(upstreams)):
        if root not in taken:
            knot = reached(root, after, without=taken)
            taken |= knot.keys()
            found.append(sorted(knot, key=number.__getitem__))
    tied = [knot for knot in found if len(knot) > 1 or knot[0] in upstreams[knot[0]]]
    return sorted(tied, key=lambda knot: number[knot[0]])


def _finished(edges: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the names in the order in which a walk into the depth leaves them."""
    done: list[str] = []
    seen: set[str] = set()
    for root in edges:
        if root in seen:
            continue
        seen.add(root)
        walk = [(root, iter(edges[root]))]
        while walk:
            name, rest = walk[-1]
            into = next((each for each in rest if each not in seen), None)
            if into is None:
                done.append(name)
                walk.pop()
            else:
                seen.add(into)
                walk.append((into, iter(edges[into])))
    return done
