"""What follows from runs that are over: the jobs after them, and those that stand in line."""

from __future__ import annotations

from flowcron.domain.chain import ItsTurn, turns
from flowcron.domain.run import State, Trigger
from flowcron.engine.admission import go_on
from flowcron.engine.claims import claim
from flowcron.engine.turn import Over, Turn
from flowcron.faults import reach
from flowcron.history.chains import Chain, chain_of
from flowcron.history.record import NewRun


def draw(turn: Turn) -> None:
    """Claim what runs after the runs that are over, and begin what waited for them.

    It is part of the transaction in which they end, so that neither is ever there without the
    other.
    """
    while turn.over or turn.free:
        if turn.over:
            _follow(turn, turn.over.popleft())
        else:
            go_on(turn, turn.free.popleft())


def _follow(turn: Turn, over: Over) -> None:
    if over.job not in turn.book.leads:
        return
    first = over.run if over.chain is None else over.chain
    chain = chain_of(turn.db, first, over=over.run)
    link = chain.links.get(over.job)
    if chain.alone or link is None or not _began(over, link.run, chain):
        return
    for its_turn in turns(chain.root, chain.links, turn.book.afters):
        _claim(turn, first, chain, its_turn)


def _began(over: Over, newest: int, chain: Chain) -> bool:
    """Return whether this run has a say: it is the newest of its job, and it had its chance.

    A time that was skipped or missed begins no chain: nothing happened that another could follow.
    """
    state = chain.links[over.job].state
    nothing_happened = over.chain is None and state in {State.SKIPPED, State.MISSED}
    return over.run == newest and not nothing_happened


def _claim(turn: Turn, first: int, chain: Chain, its_turn: ItsTurn) -> None:
    entry = turn.book.entries[its_turn.job]
    new = NewRun(
        entry.id,
        entry.definition_id,
        State.QUEUED if its_turn.reason is None else State.SKIPPED,
        Trigger.AFTER,
        turn.now,
        reason=its_turn.reason,
        owner=turn.owner,
        chain=first,
        upstream=its_turn.upstream,
    )
    claim(turn, entry, new, due_at=chain.scheduled_at)
    reach("chain-claimed")
