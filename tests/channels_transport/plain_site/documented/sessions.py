"""The decorators of `channels.sessions` and `channels.auth`."""

from importlib import import_module

from channels import route
from channels.auth import (
    channel_and_http_session_user_from_http,
    channel_session_user,
    channel_session_user_from_http,
    http_session_user,
    transfer_user,
)
from channels.message import Message
from channels.sessions import channel_and_http_session, channel_session, enforce_ordering, http_session
from channels.test import ChannelTestCase, WSClient, apply_routes
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.test import Client

COOKIE = settings.SESSION_COOKIE_NAME


def make_message(channel="test", reply="replies.1", **content):
    return Message({"reply_channel": reply, "path": "/", **content}, channel, None)


def make_cookie(key):
    return [[b"cookie", f"{COOKIE}={key}".encode()]]


def log_in(user):
    """Log a user in with a new browser. Return the value of the browser's session cookie."""
    browser = Client()
    browser.force_login(user)
    return browser.cookies[COOKIE].value


class ChannelSessions(ChannelTestCase):
    def test_a_session_lasts_from_one_message_of_a_reply_channel_to_the_next(self):
        @channel_session
        def count(message):
            message.channel_session["count"] = message.channel_session.get("count", 0) + 1
            return message.channel_session["count"]

        self.assertEqual([count(make_message()) for _ in range(3)], [1, 2, 3])
        self.assertEqual(count(make_message(reply="replies.2")), 1)

    def test_a_method_can_be_decorated(self):
        class Consumer:
            @channel_session
            def run(self, message):
                return message.channel_session.session_key

        self.assertTrue(Consumer().run(make_message()).startswith("chn"))

    def test_a_message_without_a_reply_channel_is_an_error(self):
        with self.assertRaises(ValueError):
            channel_session(lambda message: None)(make_message(reply=None))
        with self.assertRaises(ValueError):
            channel_session(lambda message: None)("no message")

    def test_nested_decorators_share_a_session_and_save_it(self):
        @channel_session
        @channel_session
        def write(message):
            message.channel_session["word"] = "rose"

        write(make_message())
        self.assertEqual(channel_session(lambda message: message.channel_session["word"])(make_message()), "rose")

    def test_a_session_is_saved_although_the_consumer_raised(self):
        @channel_session
        def fail(message):
            message.channel_session["word"] = "rose"
            raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            fail(make_message())
        self.assertEqual(channel_session(lambda message: message.channel_session["word"])(make_message()), "rose")

    def test_a_flushed_session_is_not_saved_again(self):
        @channel_session
        def write(message):
            message.channel_session["word"] = "rose"

        write(make_message())
        channel_session(lambda message: message.channel_session.flush())(make_message())
        self.assertIsNone(channel_session(lambda message: message.channel_session.get("word"))(make_message()))


class HttpSessions(ChannelTestCase):
    def make_key(self):
        session = import_module(settings.SESSION_ENGINE).SessionStore()
        session["word"] = "rose"
        session.save()
        return session.session_key

    def test_the_session_of_the_cookie_is_found(self):
        read = http_session(lambda message: message.http_session["word"])
        self.assertEqual(read(make_message(headers=make_cookie(self.make_key()))), "rose")

    def test_the_session_of_the_query_is_found(self):
        read = http_session(lambda message: message.http_session["word"])
        self.assertEqual(read(make_message(query_string=f"session_key={self.make_key()}")), "rose")
        self.assertEqual(read(make_message(query_string=f"session_key={self.make_key()}".encode())), "rose")

    def test_without_a_cookie_the_session_is_none(self):
        self.assertIsNone(http_session(lambda message: message.http_session)(make_message(headers=[])))

    def test_a_changed_session_is_saved(self):
        key = self.make_key()

        @http_session
        def write(message):
            message.http_session["word"] = "tulip"

        write(make_message(headers=make_cookie(key)))
        if not settings.SESSION_ENGINE.endswith("signed_cookies"):  # such a session is only in the cookie
            read = http_session(lambda message: message.http_session["word"])
            self.assertEqual(read(make_message(headers=make_cookie(key))), "tulip")

    def test_a_message_without_a_path_is_an_error(self):
        message = make_message()
        del message.content["path"]
        with self.assertRaises(ValueError):
            http_session(lambda message: None)(message)

    def test_both_sessions_are_there_on_later_frames(self):
        read = channel_and_http_session(lambda message: message.http_session["word"])
        message = make_message("websocket.connect", headers=make_cookie(self.make_key()))
        self.assertEqual(read(message), "rose")
        self.assertIn(COOKIE, message.channel_session)
        self.assertEqual(read(make_message("websocket.receive")), "rose")


class Users(ChannelTestCase):
    def setUp(self):
        self.alice = User.objects.create_user("alice", "alice@example.org", "secret")
        self.headers = make_cookie(log_in(self.alice))

    def test_http_session_user_is_the_user_of_the_cookie(self):
        read = http_session_user(lambda message: message.user)
        self.assertEqual(read(make_message(headers=self.headers)), self.alice)
        self.assertTrue(read(make_message(headers=[])).is_anonymous)

    def test_channel_session_user_is_anonymous_without_a_login(self):
        self.assertTrue(channel_session_user(lambda message: message.user)(make_message()).is_anonymous)

    def test_the_user_of_the_handshake_is_the_user_of_later_frames(self):
        message = make_message("websocket.connect", headers=self.headers)
        connect = channel_session_user_from_http(lambda message: message.user)
        self.assertEqual(connect(message), self.alice)
        self.assertIsNotNone(message.http_session)
        self.assertEqual(channel_session_user(lambda message: message.user)(make_message()), self.alice)

    def test_a_handshake_without_a_login_is_anonymous(self):
        connect = channel_session_user_from_http(lambda message: message.user)
        self.assertTrue(connect(make_message("websocket.connect", headers=[])).is_anonymous)

    def test_both_sessions_and_the_user_are_there_at_the_handshake(self):
        @channel_and_http_session_user_from_http
        def connect(message):
            self.assertEqual(message.http_session[SESSION_KEY], str(self.alice.pk))
            self.assertEqual(message.channel_session[SESSION_KEY], str(self.alice.pk))
            return message.user

        self.assertEqual(connect(make_message("websocket.connect", headers=self.headers)), self.alice)
        self.assertEqual(channel_session_user(lambda message: message.user)(make_message()), self.alice)

    def test_a_login_is_transferred_whole(self):
        session = {}
        transfer_user({BACKEND_SESSION_KEY: "b", SESSION_KEY: "1", HASH_SESSION_KEY: "h", "word": "rose"}, session)
        self.assertEqual(session, {BACKEND_SESSION_KEY: "b", SESSION_KEY: "1", HASH_SESSION_KEY: "h"})
        transfer_user({SESSION_KEY: "2"}, session)
        self.assertEqual(session[SESSION_KEY], "1")


ran = []


@enforce_ordering
def ordered(message):
    ran.append(message["order"])


@enforce_ordering(slight=False)
@channel_session_user_from_http
def ordered_user(message):
    ran.append((message["order"], str(message.user)))


class Ordering(ChannelTestCase):
    def setUp(self):
        ran.clear()

    def feed(self, client, *orders):
        for order in orders:
            client.send("test.ordered", {"order": order})
            client.consume("test.ordered")

    def consume_waiting(self, client, count):
        for _ in range(count):
            client.consume("test.ordered")

    @apply_routes([route("test.ordered", ordered)])
    def test_messages_run_in_their_order(self):
        client = WSClient()
        self.feed(client, 0, 1, 2)
        self.assertEqual(ran, [0, 1, 2])

    @apply_routes([route("test.ordered", ordered)])
    def test_an_early_message_waits_for_its_turn(self):
        client = WSClient()
        self.feed(client, 0, 2)
        self.assertEqual(ran, [0])
        self.feed(client, 1)
        self.consume_waiting(client, 1)
        self.assertEqual(ran, [0, 1, 2])

    @apply_routes([route("test.ordered", ordered)])
    def test_connections_do_not_wait_for_each_other(self):
        self.feed(WSClient(), 1)
        self.feed(WSClient(), 0)
        self.assertEqual(ran, [0])

    @apply_routes([route("test.ordered", ordered_user)])
    def test_the_decorator_of_the_user_may_stand_below(self):
        client = WSClient(ordered=True)
        client.send_and_consume("test.ordered")
        client.send_and_consume("test.ordered")
        self.assertEqual(ran, [(0, "AnonymousUser"), (1, "AnonymousUser")])

    def test_a_message_without_an_order_is_an_error(self):
        with self.assertRaises(ValueError):
            ordered(make_message())

    def test_slight_ordering_is_an_error(self):
        with self.assertRaises(ValueError):
            enforce_ordering(slight=True)
