"""The figures of `bin/bench --leaving`: what counts as arrived, asked for, lost, doubled and out of order."""

from types import SimpleNamespace

import pytest

from benchmarks.leaving.counting import count

pytestmark = pytest.mark.no_database

ROWS = [(1, "a-0"), (2, "a-1"), (3, "b-0")]


def person(live, asked=(), sent=(), acks=(), resent=(), close_codes=()):
    live = [(id, ref[0], ref) for id, ref in live]
    ids = {id for id, _, _ in live} | set(asked)
    return SimpleNamespace(
        live=live, asked=set(asked), ids=ids, sent=sent, acks=acks, resent=set(resent), close_codes=list(close_codes)
    )


def test_all_messages_that_arrive_once_and_in_order_are_counted_as_arrived():
    figures = count([person(ROWS, sent=["a-0", "a-1"], acks=["a-0", "a-1"]), person(ROWS)], ROWS, deaf=0)
    assert (figures["expected"], figures["live"], figures["asked"], figures["lost"]) == (6, 6, 0, 0)
    assert (figures["sent"], figures["acked"], figures["doubled"], figures["out_of_order"]) == (2, 2, 0, 0)


def test_a_message_that_arrives_only_after_asking_is_not_lost():
    figures = count([person(ROWS[:1], asked=[2])], ROWS, deaf=0)
    assert (figures["live"], figures["asked"], figures["lost"]) == (1, 1, 1)


def test_a_message_that_arrives_twice_is_doubled():
    assert count([person([*ROWS, ROWS[2]])], ROWS, deaf=0)["doubled"] == 1


def test_only_messages_of_one_author_can_be_out_of_order():
    assert count([person([ROWS[1], ROWS[0], ROWS[2]])], ROWS, deaf=0)["out_of_order"] == 1
    assert count([person([ROWS[2], ROWS[0], ROWS[1]])], ROWS, deaf=0)["out_of_order"] == 0


def test_a_ref_with_two_rows_is_stored_twice():
    assert count([], [*ROWS, (4, "a-0")], deaf=0)["stored_twice"] == 1
