"""What the load generator sends to a stack, and how it reads the frames of the stack."""

import pytest

from benchmarks.generator.dialects import MESSAGE, OPENED, PING, SYNCED, Centrifuge, Plain, SocketIo

pytestmark = pytest.mark.no_database


def test_a_socketio_message_carries_the_same_text_as_a_plain_one():
    frame = SocketIo("run").encode(3, 7)
    assert frame == b'42["message","' + Plain("run").encode(3, 7) + b'"]'
    assert SocketIo("run").read(frame) == (MESSAGE, 3, 7, 0)
    assert SocketIo("other").read(frame) is None


def test_a_socketio_client_answers_the_opening_and_the_pings_of_the_server():
    dialect = SocketIo("run")
    assert dialect.read(b'0{"sid":"a","pingInterval":25000}')[0] == OPENED
    assert dialect.read(b"2")[0] == PING
    assert dialect.answers == {OPENED: b"40", PING: b"3"}


def test_a_socketio_client_is_in_its_room_when_the_server_has_confirmed_the_namespace():
    assert SocketIo("run").read(b'40{"sid":"b"}') == (SYNCED, -1, -1, 0)
    assert SocketIo("run").read(b"6") is None


def test_a_centrifuge_client_reads_the_pushes_of_its_room():
    text = Plain("run").encode(3, 7)
    assert Centrifuge("run").encode(3, 7) == b'{"method":8,"params":{"data":"' + text + b'"}}'
    push = b'{"result":{"channel":"garden","data":{"data":"' + text + b'"}}}'
    assert Centrifuge("run").read(push) == (MESSAGE, 3, 7, 0)
    assert Centrifuge("other").read(push) is None


def test_a_centrifuge_client_is_in_its_room_when_the_server_answers_its_first_command():
    assert Centrifuge("run").read(b'{"id":1,"result":{"client":"a","subs":{"garden":{}}}}') == (SYNCED, -1, -1, 0)
    assert Centrifuge.greeting == b'{"id":1}'
