"""The tools of `channels.test`, without the live server."""

import warnings

from channels import Channel, Group, channel_layers, include, route
from channels.auth import channel_session_user_from_http, http_session_user
from channels.exceptions import DenyConnection
from channels.handler import AsgiRequest
from channels.message import Message
from channels.sessions import channel_session
from channels.test import ChannelTestCase, Client, TransactionChannelTestCase, WSClient, apply_routes
from django.contrib.auth.models import User


def echo(message):
    message.reply_channel.send({"text": message.get("text", ""), "path": message.get("path")})


@channel_session
def remember(message):
    message.channel_session["frames"] = message.channel_session.get("frames", 0) + 1
    message.reply_channel.send({"text": str(message.channel_session["frames"])})


class Cases(ChannelTestCase):
    def test_a_case_returns_the_next_message_of_a_channel_or_fails_if_it_is_required(self):
        self.assertIsNone(self.get_next_message("jobs"))
        with self.assertRaises(AssertionError):
            self.get_next_message("jobs", require=True)
        Channel("jobs").send({"number": 1})
        message = self.get_next_message("jobs", require=True)
        self.assertIsInstance(message, Message)
        self.assertEqual((message.channel.name, message["number"]), ("jobs", 1))

    def test_no_message_is_left_by_another_test(self):
        self.assertIsNone(self.get_next_message("left"))
        Channel("left").send({})

    test_no_message_is_left_by_this_test_either = test_no_message_is_left_by_another_test

    def test_a_group_sends_to_its_members(self):
        Group("garden").add("member")
        Group("garden").add(Channel("other"))
        Group("garden").discard("other")
        Group("garden").send({"text": "hello"})
        self.assertEqual(self.get_next_message("member", require=True)["text"], "hello")
        self.assertIsNone(self.get_next_message("other"))

    def test_a_consumer_sends_when_it_has_ended(self):
        def consumer(message):
            Channel("later").send({})
            Channel("at-once").send({}, immediately=True)
            layer = channel_layers["default"]
            sent.append((layer.receive_many(["later"])[0], layer.receive_many(["at-once"])[0]))

        sent = []
        with apply_routes([route("jobs", consumer)]):
            Client().send_and_consume("jobs")
        self.assertEqual(sent, [(None, "at-once")])
        self.assertIsNotNone(self.get_next_message("later"))


class TransactionCases(TransactionChannelTestCase):
    def test_a_transaction_case_also_returns_the_next_message(self):
        Channel("jobs").send({"number": 1})
        self.assertEqual(self.get_next_message("jobs", require=True)["number"], 1)


class Routes(ChannelTestCase):
    @apply_routes([route("jobs", echo), route("jobs.other", echo, text="^a")])
    def test_the_decorator_applies_routes_to_one_test(self):
        client = Client()
        client.send_and_consume("jobs", {"text": "rose"})
        self.assertEqual(client.receive(), {"text": "rose", "path": None})
        client.send_and_consume("jobs.other", {"text": "b"}, fail_on_none=False)
        self.assertIsNone(client.receive())
        with self.assertRaises(AssertionError):
            client.send_and_consume("jobs.other", {"text": "b"})
        with self.assertRaises(AssertionError):
            client.consume("jobs")
        self.assertIs(client.get_consumer_by_channel("jobs"), echo)

    def test_lists_of_routes_apply_until_the_block_ends(self):
        with apply_routes([[route("jobs", echo)], [include([route("other", echo)])]]):
            self.assertIs(Client().get_consumer_by_channel("other"), echo)
        self.assertIsNone(Client().get_consumer_by_channel("other"))

    def test_one_route_can_be_applied_without_a_list(self):
        with apply_routes(route("jobs", echo)):
            self.assertIs(Client().get_consumer_by_channel("jobs"), echo)


@apply_routes([route("jobs", echo)])
class RoutesOfAClass(ChannelTestCase):
    def test_the_decorator_applies_routes_to_all_tests_of_a_class(self):
        self.assertIs(Client().get_consumer_by_channel("jobs"), echo)


class WebsocketClients(ChannelTestCase):
    @apply_routes([route("websocket.receive", remember)])
    def test_each_client_is_a_separate_connection_with_its_own_session(self):
        first, second = WSClient(), WSClient()
        for client in (first, second, first):
            client.send_and_consume("websocket.receive", text="x")
        self.assertEqual([client.receive() for client in (first, first, second)], [1, 2, 1])

    def test_an_ordered_client_numbers_its_messages_and_refuses_an_explicit_order(self):
        client = WSClient(ordered=True)
        for _ in range(2):
            client.send("jobs")
        self.assertEqual([client.get_next_message("jobs")["order"] for _ in range(2)], [0, 1])
        with self.assertRaises(ValueError):
            client.send("jobs", {"order": 7})

    def test_a_client_has_headers_cookies_and_a_query(self):
        client = WSClient()
        client.set_cookie("colour", "red")
        client.set_header("x-flower", b"rose")
        with self.assertRaises(ValueError):
            client.set_header("cookie", "a=b")
        client.send("websocket.connect", path="/garden/?a=1&b=2")
        message = client.get_next_message("websocket.connect")
        message.content["method"] = "GET"
        request = AsgiRequest(message)
        self.assertEqual(request.META["HTTP_X_FLOWER"], "rose")
        self.assertEqual(request.COOKIES["colour"], "red")
        self.assertIn("sessionid", request.COOKIES)
        self.assertEqual((request.path, request.GET.dict()), ("/garden/", {"a": "1", "b": "2"}))
        client.send("websocket.receive", text={"a": 1}, path="/garden/?a=1")
        message = client.get_next_message("websocket.receive")
        self.assertEqual((message["path"], message["text"]), ("/garden/", '{"a": 1}'))

    def test_a_handshake_that_is_not_accepted_fails(self):
        with apply_routes([route("websocket.connect", echo)]), self.assertRaises(AssertionError):
            WSClient().send_and_consume("websocket.connect", path="/")

    def test_a_refusal_reaches_the_test(self):
        def refuse(message):
            raise DenyConnection

        with apply_routes([route("websocket.connect", refuse)]), self.assertRaises(DenyConnection):
            WSClient().send_and_consume("websocket.connect")

    def test_a_client_receives_json_text_or_the_whole_message(self):
        client = WSClient()
        for content in ({"text": '{"a": 1}'}, {"text": "plain"}, {"close": True}):
            Channel(client.reply_channel).send(content)
        self.assertEqual(client.receive(), {"a": 1})
        self.assertEqual(client.receive(json=False), "plain")
        self.assertEqual(client.receive(), {"close": True})
        self.assertIsNone(client.receive())

    def test_the_old_name_of_the_client_is_the_same_class(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from channels.test import HttpClient
        self.assertIs(HttpClient, WSClient)


@channel_session_user_from_http
def greet(message):
    message.reply_channel.send({"text": f"{message.user} {message.http_session is not None}"})


@http_session_user
def greet_by_cookie(message):
    message.reply_channel.send({"text": str(message.user)})


class Logins(ChannelTestCase):
    def setUp(self):
        self.alice = User.objects.create_user("alice", "alice@example.org", "secret")

    def answer(self, client, consumer):
        with apply_routes([route("websocket.connect", consumer)]):
            client.send_and_consume("websocket.connect", path="/", check_accept=False)
        return client.receive(json=False)

    def test_a_client_logs_in_with_a_password_and_not_with_a_wrong_one(self):
        client = WSClient()
        self.assertFalse(client.login(username="alice", password="wrong"))
        self.assertTrue(client.login(username="alice", password="secret"))
        self.assertEqual(self.answer(client, greet), "alice True")

    def test_a_login_of_the_client_is_in_the_session_of_its_cookie(self):
        client = WSClient()
        client.force_login(self.alice)
        self.assertEqual(self.answer(client, greet_by_cookie), "alice")

    def test_a_login_can_name_its_backend(self):
        client = WSClient()
        client.force_login(self.alice, "django.contrib.auth.backends.ModelBackend")
        self.assertEqual(self.answer(client, greet), "alice True")

    def test_without_a_login_the_user_is_anonymous(self):
        self.assertEqual(self.answer(WSClient(), greet), "AnonymousUser True")
