"""Several channel layers by alias."""

from unittest import skipUnless

from channels import Channel, Group, channel_layers, route
from channels.routing import Router
from channels.sessions import enforce_ordering
from channels.signals import consumer_finished
from channels.test import ChannelTestCase, Client, WSClient, apply_routes
from django.conf import settings
from django.db import close_old_connections

from tests.channels_transport.plain_site import routing

HAS_OTHER = "other" in settings.CHANNEL_LAYERS


@skipUnless(HAS_OTHER, "the settings have one layer")
class SeveralLayers(ChannelTestCase):
    test_channel_aliases = ["default", "other"]

    def test_a_layer_is_chosen_by_its_alias(self):
        Channel("jobs", alias="other").send({"number": 1})
        Group("all", alias="other").add("member")
        Group("all", alias="other").send({"number": 2})
        self.assertIsNone(self.get_next_message("jobs"))
        self.assertEqual(self.get_next_message("jobs", alias="other", require=True)["number"], 1)
        self.assertEqual(self.get_next_message("member", alias="other", require=True)["number"], 2)

    def test_a_consumer_of_one_layer_sends_to_another(self):
        client = Client(alias="other")
        listener = WSClient()
        listener.join_group("everybody")
        client.send_and_consume("jobs", {"number": 1})
        self.assertEqual(self.get_next_message("arrived", require=True)["number"], 2)
        self.assertEqual(listener.receive(json=False), "1")

        @enforce_ordering
        def pass_on(message):
            Channel("jobs", alias="other").send({"number": message["order"]})

        with apply_routes([route("websocket.receive", pass_on)]):
            WSClient(ordered=True).send_and_consume("websocket.receive")
        client.consume("jobs")
        self.assertEqual(self.get_next_message("arrived", require=True)["number"], 1)


@skipUnless(HAS_OTHER, "the settings have one layer")
class RunningLayers(ChannelTestCase):
    """The layers of the settings, each with a worker."""

    test_channel_aliases = []

    def setUp(self):
        for alias in settings.CHANNEL_LAYERS:
            channel_layers[alias].flush()

    def run_one(self, alias, routes):
        """Let a worker run one message."""
        from channels.worker import Worker

        layer = channel_layers[alias]
        layer.router = Router(routes)
        worker = Worker(layer, signal_handlers=False)
        layer.router.channels = list(layer.router.channels)

        def stop(channel, message):
            worker.termed = True

        worker.callback = stop
        # The end of a consumer must not close the database connection of the test.
        consumer_finished.disconnect(close_old_connections)
        try:
            worker.run()
        finally:
            consumer_finished.connect(close_old_connections)

    def test_workers_of_both_layers_send_to_the_other_one(self):
        Channel("jobs", alias="other").send({"number": 1})
        self.run_one("other", routing.other_routing)
        arrived = []

        def answer(message):
            arrived.append(message["number"])
            Channel("answers", alias="other").send({"number": message["number"] + 1})

        self.run_one("default", [route("arrived", answer)])
        self.run_one("other", [route("answers", lambda message: arrived.append(message["number"]))])
        self.assertEqual(arrived, [2, 3])

    def test_an_ordered_consumer_works_on_both_layers(self):
        ran = []

        @enforce_ordering
        def consumer(message):
            message.channel_session["order"] = message["order"]
            ran.append((message["order"], message.channel_layer.alias))

        for alias in ("default", "other"):
            for order in range(2):
                Channel("frames", alias=alias).send({"reply_channel": f"replies.{alias}", "order": order})
                self.run_one(alias, [route("frames", consumer)])
        self.assertEqual(ran, [(0, "default"), (1, "default"), (0, "other"), (1, "other")])
