"""`ChannelLiveServerTestCase`: a real interface and a real worker, in separate processes."""

import json
import os
import urllib.request

from channels.test import ChannelLiveServerTestCase, liveserver
from django.conf import settings
from django.contrib.auth.models import User
from websockets.sync.client import connect

from tests.channels_transport.plain_site.models import Plant

IS_ON_TRANSPORT = settings.IS_ON_TRANSPORT


class LiveServer(ChannelLiveServerTestCase):
    def get(self, path):
        return urllib.request.urlopen(f"{self.live_server_url}{path}", timeout=20)

    def connect(self, path, cookie=None):
        headers = {"Cookie": cookie} if cookie else {}
        return connect(f"{self.live_server_ws_url}{path}", additional_headers=headers, open_timeout=20)

    def ask(self, websocket, frame):
        websocket.send(json.dumps(frame))
        return json.loads(websocket.recv(timeout=20))

    def test_a_view_answers_an_http_request(self):
        with self.get("/hello/?name=alice") as response:
            self.assertEqual(response.read(), b"Hello AnonymousUser, alice")

    def test_a_websocket_is_answered_in_order_and_has_a_session(self):
        with self.connect("/counter/") as websocket:
            for number in range(20):
                websocket.send(json.dumps(number))
            answers = [json.loads(websocket.recv(timeout=20)) for _ in range(20)]
            self.assertEqual([answer["frame"] for answer in answers], list(range(20)))
            self.assertEqual([answer["frames"] for answer in answers], list(range(1, 21)))
            self.assertNotEqual(answers[0]["pid"], os.getpid())

    def test_the_database_and_the_login_are_those_of_the_test(self):
        User.objects.create_user("alice", "alice@example.org", "secret")
        with self.get("/login/") as response:
            cookie = response.headers["Set-Cookie"].partition(";")[0]
        for path in ("/counter/", "/chat/"):
            with self.connect(path, cookie) as websocket:
                self.assertEqual(self.ask(websocket, "who")["user"], "alice")

    def test_a_group_reaches_every_websocket(self):
        with self.connect("/counter/") as first, self.connect("/counter/") as second:
            self.ask(second, "here")
            self.ask(first, "all")
            for websocket in (first, second):
                self.assertEqual(json.loads(websocket.recv(timeout=20)), {"to": "all"})

    def test_a_row_that_was_saved_anywhere_reaches_the_websockets(self):
        with self.connect("/garden/") as websocket:
            self.assertEqual(
                self.ask(websocket, {"stream": "echo", "payload": {"a": 1}}),
                {"stream": "echo", "payload": {"echo": {"a": 1}}},
            )
            Plant.objects.create(name="rose")
            self.assertEqual(json.loads(websocket.recv(timeout=20))["payload"]["data"], {"name": "rose"})
            frame = {"stream": "plants", "payload": {"action": "create", "data": {"name": "tulip"}}}
            self.assertEqual(self.ask(websocket, frame)["payload"]["data"], {"name": "tulip"})
        self.assertEqual(sorted(plant.name for plant in Plant.objects.all()), ["rose", "tulip"])

    def test_the_server_is_the_interface_of_the_installed_package(self):
        package = "channels_transport" if IS_ON_TRANSPORT else "daphne"
        self.assertEqual(liveserver.Server.__module__.partition(".")[0], package)


class ThreadedLiveServer(ChannelLiveServerTestCase):
    worker_threads = 3
    serve_static = False

    def test_several_worker_threads_answer_each_websocket_in_order(self):
        sockets = [connect(f"{self.live_server_ws_url}/counter/", open_timeout=20) for _ in range(4)]
        for number in range(10):
            for websocket in sockets:
                websocket.send(json.dumps(number))
        for websocket in sockets:
            frames = [json.loads(websocket.recv(timeout=20))["frame"] for _ in range(10)]
            # Channels' worker requeues an early frame before it sends the answer to the previous frame.
            self.assertEqual(frames if IS_ON_TRANSPORT else sorted(frames), list(range(10)))
            websocket.close()
