"""The classes of `channels.generic`, without demultiplexers."""

import json

from channels import Group, route_class
from channels.exceptions import WebsocketCloseException
from channels.generic import BaseConsumer
from channels.generic.websockets import JsonWebsocketConsumer, WebsocketConsumer
from channels.test import ChannelTestCase, Client, WSClient, apply_routes
from django.contrib.auth.models import User


class Base(ChannelTestCase):
    def test_a_method_is_chosen_by_the_channel(self):
        ran = []

        class Consumer(BaseConsumer):
            method_mapping = {"test.sow": "sow", "test.reap": "reap"}

            def sow(self, message, **kwargs):
                ran.append(("sow", message["what"], kwargs, self.kwargs))

            def reap(self, message, **kwargs):
                ran.append(("reap", self.message["what"]))

        self.assertEqual(Consumer.channel_names(), {"test.sow", "test.reap"})
        with apply_routes([route_class(Consumer, what="^(?P<kind>[a-z])")]):
            client = Client()
            client.send_and_consume("test.sow", {"what": "rose"})
            client.send_and_consume("test.reap", {"what": "rose"})
        self.assertEqual(ran, [("sow", "rose", {"kind": "r"}, {"kind": "r"}), ("reap", "rose")])

    def test_sessions_are_on_by_an_attribute(self):
        found = []

        class Consumer(BaseConsumer):
            method_mapping = {"test.sow": "sow"}

            def sow(self, message):
                found.append((hasattr(message, "channel_session"), hasattr(message, "user")))

        routes = [
            Consumer.as_route(),
            Consumer.as_route(attrs={"channel_session": True}),
            Consumer.as_route(attrs={"channel_session_user": True}),
        ]
        for one in routes:
            with apply_routes([one]):
                Client().send_and_consume("test.sow")
        self.assertEqual(found, [(False, False), (True, False), (True, True)])

    def test_attributes_of_a_route_do_not_change_the_class(self):
        class Consumer(WebsocketConsumer):
            word = "rose"

        one = Consumer.as_route(attrs={"word": "tulip"}, path="^/tulips/")
        self.assertEqual((one.consumer.word, Consumer.word), ("tulip", "rose"))
        self.assertEqual(set(one.filters), {"path"})
        with self.assertRaises(AssertionError):
            Consumer.as_route(attrs=["word"])


class Websockets(ChannelTestCase):
    def test_events_call_their_methods_and_groups_reach_the_client_until_it_disconnects(self):
        ran = []

        class Consumer(WebsocketConsumer):
            def connection_groups(self, slug, **kwargs):
                return [f"room-{slug}"]

            def connect(self, message, **kwargs):
                ran.append(("connect", kwargs, self.path))
                super().connect(message, **kwargs)

            def receive(self, text=None, bytes=None, **kwargs):
                ran.append(("receive", text, bytes, kwargs))
                self.send(text=text, bytes=bytes)

            def disconnect(self, message, **kwargs):
                ran.append(("disconnect", kwargs))

        with apply_routes([route_class(Consumer, path="^/rooms/(?P<slug>[a-z]+)/$")]):
            client = WSClient()
            client.send_and_consume("websocket.connect", path="/rooms/garden/")
            Group("room-garden").send({"text": "to all"})
            self.assertEqual(client.receive(json=False), "to all")
            client.send_and_consume("websocket.receive", text="hello", path="/rooms/garden/")
            self.assertEqual(client.receive(json=False), "hello")
            client.send_and_consume("websocket.receive", {"bytes": b"\x00"}, path="/rooms/garden/")
            self.assertEqual(client.receive(), {"bytes": b"\x00"})
            client.send_and_consume("websocket.disconnect", path="/rooms/garden/")
            Group("room-garden").send({"text": "to all"})
            self.assertIsNone(client.receive())
        slug = {"slug": "garden"}
        self.assertEqual(
            ran,
            [
                ("connect", slug, "/rooms/garden/"),
                ("receive", "hello", None, slug),
                ("receive", None, b"\x00", slug),
                ("disconnect", slug),
            ],
        )

    def test_the_default_accepts_and_does_nothing(self):
        with apply_routes([route_class(WebsocketConsumer, path="/")]):
            client = WSClient()
            client.send_and_consume("websocket.connect")
            client.send_and_consume("websocket.receive", text="hello")
            client.send_and_consume("websocket.disconnect")
            self.assertIsNone(client.receive())

    def test_a_consumer_closes_with_a_code_and_after_a_last_text(self):
        class Consumer(WebsocketConsumer):
            def connect(self, message, **kwargs):
                self.close(4001)

            def receive(self, text=None, **kwargs):
                if text == "last":
                    self.send(text="bye", close=True)
                else:
                    self.close()

        with apply_routes([route_class(Consumer, path="/")]):
            client = WSClient()
            client.send_and_consume("websocket.connect", check_accept=False)
            self.assertEqual(client.receive(), {"close": 4001})
            client.send_and_consume("websocket.receive", text="last")
            self.assertEqual(client.get_next_message(client.reply_channel).content, {"text": "bye", "close": True})
            client.send_and_consume("websocket.receive", text="first")
            self.assertEqual(client.receive(), {"close": True})

    def test_an_empty_send_is_an_error(self):
        class Consumer(WebsocketConsumer):
            def receive(self, text=None, **kwargs):
                self.send()

        with apply_routes([route_class(Consumer, path="/")]), self.assertRaises(ValueError):
            WSClient().send_and_consume("websocket.receive", text="hello")
        with self.assertRaises(ValueError):
            WebsocketConsumer.group_send("garden")

    def test_a_class_sends_to_a_group(self):
        client = WSClient()
        client.join_group("garden")
        WebsocketConsumer.group_send("garden", text="hello")
        WebsocketConsumer.group_send("garden", bytes=b"\x00", close=True)
        JsonWebsocketConsumer.group_send("garden", {"a": [1, None]})
        self.assertEqual(client.receive(json=False), "hello")
        self.assertEqual(client.receive(), {"bytes": b"\x00", "close": True})
        self.assertEqual(client.receive(), {"a": [1, None]})

    def test_an_exception_of_a_handler_reaches_the_test(self):
        class Consumer(WebsocketConsumer):
            def receive(self, text=None, **kwargs):
                raise ZeroDivisionError

        with apply_routes([route_class(Consumer, path="/")]), self.assertRaises(ZeroDivisionError):
            WSClient().send_and_consume("websocket.receive", text="hello")

    def test_strict_ordering_makes_early_frames_wait(self):
        ran = []

        class Consumer(WebsocketConsumer):
            strict_ordering = True

            def receive(self, text=None, **kwargs):
                ran.append(text)

        with apply_routes([route_class(Consumer, path="/")]):
            client = WSClient()
            client.send_and_consume("websocket.connect", {"order": 0})
            client.send_and_consume("websocket.receive", {"order": 2}, text="second")
            client.send_and_consume("websocket.receive", {"order": 1}, text="first")
            client.consume("websocket.receive")
            self.assertEqual(ran, ["first", "second"])
            with self.assertRaises(ValueError):
                client.send_and_consume("websocket.receive", text="without an order")

    def test_slight_ordering_is_an_error(self):
        class Consumer(WebsocketConsumer):
            slight_ordering = True

        with apply_routes([route_class(Consumer, path="/")]), self.assertRaises(ValueError):
            WSClient().send_and_consume("websocket.connect")

    def test_without_attributes_there_is_neither_session_nor_user(self):
        class Consumer(WebsocketConsumer):
            def connect(self, message, **kwargs):
                self.send(text=str([hasattr(message, name) for name in ("channel_session", "http_session", "user")]))

        with apply_routes([route_class(Consumer, path="/")]):
            client = WSClient()
            client.send_and_consume("websocket.connect", check_accept=False)
            self.assertEqual(client.receive(json=False), "[False, False, False]")


class UsersOfClasses(ChannelTestCase):
    def check(self, ordered=False, **attributes):
        alice = User.objects.create_user("alice", "alice@example.org", "secret")
        found = []

        class Consumer(WebsocketConsumer):
            def connect(self, message, **kwargs):
                found.append((message.user, message.http_session is not None, self.channel_session_user))
                message.channel_session["word"] = "rose"
                super().connect(message, **kwargs)

            def receive(self, text=None, **kwargs):
                found.append((self.message.user, self.message.channel_session["word"]))
                if self.http_user_and_session:
                    self.message.http_session["read"] = True

            def disconnect(self, message, **kwargs):
                found.append(message.user)

        with apply_routes([Consumer.as_route(attrs=attributes, path="/")]):
            client = WSClient(ordered=ordered)
            client.force_login(alice)
            client.send_and_consume("websocket.connect")
            client.send_and_consume("websocket.receive", text="hello")
            client.send_and_consume("websocket.disconnect")
        self.assertEqual(found, [(alice, True, True), (alice, "rose"), alice])

    def test_http_user_gives_each_method_the_user_of_the_login(self):
        self.check(http_user=True)

    def test_http_user_works_with_strict_ordering(self):
        self.check(ordered=True, http_user=True, strict_ordering=True)

    def test_http_user_and_session_gives_each_method_the_user_and_the_session(self):
        self.check(http_user_and_session=True)

    def test_http_user_and_session_works_with_strict_ordering(self):
        self.check(ordered=True, http_user_and_session=True, strict_ordering=True)


class Jsons(ChannelTestCase):
    def test_content_is_decoded_and_encoded(self):
        class Consumer(JsonWebsocketConsumer):
            def receive(self, content, **kwargs):
                self.send({"echo": content}, close=content == "last")

        with apply_routes([route_class(Consumer, path="/")]):
            client = WSClient()
            client.send_and_consume("websocket.receive", text={"a": [1]})
            self.assertEqual(client.receive(), {"echo": {"a": [1]}})
            client.send_and_consume("websocket.receive", text='"last"')
            found = client.get_next_message(client.reply_channel).content
            self.assertEqual((json.loads(found["text"]), found["close"]), ({"echo": "last"}, True))

    def test_a_frame_without_a_text_is_an_error(self):
        with apply_routes([route_class(JsonWebsocketConsumer, path="/")]):
            with self.assertRaises(ValueError):
                WSClient().send_and_consume("websocket.receive", {"bytes": b"{}"})
            with self.assertRaises(ValueError):
                WSClient().send_and_consume("websocket.receive", text="{")

    def test_a_class_may_have_its_own_encoding(self):
        class Consumer(JsonWebsocketConsumer):
            @classmethod
            def decode_json(cls, text):
                return text.split(",")

            @classmethod
            def encode_json(cls, content):
                return ",".join(content)

            def receive(self, content, **kwargs):
                self.send(reversed(content))

        with apply_routes([route_class(Consumer, path="/")]):
            client = WSClient()
            client.send_and_consume("websocket.receive", text="a,b")
            self.assertEqual(client.receive(json=False), "b,a")
            client.join_group("garden")
            Consumer.group_send("garden", ["c", "d"])
            self.assertEqual(client.receive(json=False), "c,d")


class Closing(ChannelTestCase):
    def test_codes_that_a_server_may_send_are_accepted(self):
        for code in (None, 1000, 3000, 4999):
            WebsocketCloseException(code)
