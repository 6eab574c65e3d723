"""
Turns in a random order of events: an interface and three workers on a real Valkey.

Hypothesis decides which of them acts next, which answers are lost, and which worker dies. If a test fails, the end of
hypothesis' report has the shortest list of steps that fails.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_transport import scripts
from channels_transport.layer import RedisChannelLayer
from channels_transport.shards import Shard
from tests.channels_transport.turn_model import CONNECTIONS, LISTENS_TO, FaultyShard, TurnModel
from tests.random_examples import examples

pytestmark = pytest.mark.no_database


def make_layer(url, shard_class):
    layer = RedisChannelLayer(hosts=[url])
    layer.shards = [shard_class(client) for client in layer._connection_list]
    layer.blpop_timeout = 0.001
    return layer


CONNECTION_STEPS = ["send_frame", "disconnect", "flood", "send_the_last_frame_again"]
WORKER_STEPS = [
    "ask",
    "ask_and_lose_the_answer",
    "ask_during_a_heartbeat",
    "wait",
    "finish_and_wait",
    "finish_and_wait_over_a_broken_connection",
    "claim_arrives",
    "heartbeat",
    "requeue",
    "ask_over_a_cut_connection",
    "return_prefetched",
    "stop",
    "die",
    "die_asking",
]
ORDINARY_WORK = ["ask", "wait_and_begin", "wait_long", "finish_and_wait"] * 3


def steps():
    of_connections = st.tuples(st.sampled_from(CONNECTION_STEPS + ["send_frame"] * 2), st.sampled_from(CONNECTIONS))
    of_workers = st.tuples(st.sampled_from([*WORKER_STEPS, *ORDINARY_WORK]), st.sampled_from(range(len(LISTENS_TO))))
    of_all = st.sampled_from([("end_leases",), ("send_a_frame_of_each",)])
    return st.lists(of_connections | of_workers | of_all, min_size=25, max_size=60)


@pytest.fixture
def greedy(monkeypatch):
    """Let a worker prefetch all turns that wait, because only few connections take part."""
    script, share = scripts.NEXT, " / 4)"
    assert share in script.own_text
    text = script.own_text.replace(share, ")")
    monkeypatch.setattr(scripts, "NEXT", scripts.LayerScript(" ".join(script.uses), text, frees=True))


def test_each_frame_runs_once_and_in_order_whichever_worker_dies(valkey_url, greedy):
    interface, *layers = make_layer(valkey_url, Shard), *(make_layer(valkey_url, FaultyShard) for _ in LISTENS_TO)

    @examples(500)
    @given(st.booleans(), steps())
    def run(are_open, steps):
        model = TurnModel(interface, layers)
        if are_open:
            model.open_all()
        for name, *arguments in steps:
            getattr(model, name)(*arguments)
            model.check_that_nothing_blocks()
        model.end()

    run()
