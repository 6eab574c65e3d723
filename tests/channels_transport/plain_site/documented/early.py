"""Consumers that are imported by the settings, before the transport is loaded."""

from channels import route
from channels.auth import channel_session_user_from_http
from channels.generic.websockets import WebsocketConsumer
from channels.sessions import channel_session, enforce_ordering
from channels.worker import Worker
from django.test import SimpleTestCase

ran = []
DECORATORS = {"channel_session": channel_session, "enforce_ordering": enforce_ordering}
EarlyWorker = Worker


@enforce_ordering
@channel_session_user_from_http
def receive(message):
    ran.append(message["order"])
    message.channel_session["ran"] = list(ran)
    if message["order"] == 1:
        raise ZeroDivisionError


class Strict(WebsocketConsumer):
    strict_ordering = True

    def receive(self, text=None, **kwargs):
        ran.append(text)
        if text == "fail":
            raise ZeroDivisionError


class Early(SimpleTestCase):
    """These tests fail on Channels alone: there, an exception blocks all later messages of the connection."""

    databases = ["default"]
    allow_database_queries = True  # the name of `databases` before Django 2.2

    def consume_all(self, consumer, texts):
        from channels.test import ChannelTestCase, WSClient, apply_routes

        class Case(ChannelTestCase):
            def runTest(case):
                with apply_routes([route("websocket.receive", consumer)]):
                    client = WSClient(ordered=True)
                    for text in texts:
                        if text == "fail":
                            with self.assertRaises(ZeroDivisionError):
                                client.send_and_consume("websocket.receive", text=text)
                        else:
                            client.send_and_consume("websocket.receive", text=text)

        ran.clear()
        result = self.defaultTestResult()
        Case().run(result)
        self.assertTrue(result.wasSuccessful(), result.errors + result.failures)

    def test_a_consumer_that_was_decorated_before_continues_after_an_exception(self):
        self.consume_all(receive, ["first", "fail", "last"])
        self.assertEqual(ran, [0, 1, 2])

    def test_a_class_that_was_derived_before_continues_after_an_exception(self):
        self.consume_all(Strict, ["first", "fail", "last"])
        self.assertEqual(ran, ["first", "fail", "last"])

    def test_a_decorator_that_was_imported_before_is_the_one_of_the_transport(self):
        import channels_transport

        def consumer(message):
            """Do nothing."""

        for name, decorator in DECORATORS.items():
            ours = getattr(channels_transport, name)
            self.assertEqual(decorator(consumer).__code__, ours(consumer).__code__)
            self.assertIs(decorator.__wrapped__, ours)

    def test_a_worker_class_that_was_imported_before_makes_the_worker_of_the_transport(self):
        from channels import channel_layers

        self.assertEqual(type(EarlyWorker(channel_layers["default"])).__module__, "channels_transport.worker")
