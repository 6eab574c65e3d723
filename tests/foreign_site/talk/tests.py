"""The tests of the site, with the test tools of Channels. `manage.py test` runs them."""

from channels import Group
from channels.test import ChannelTestCase, WSClient
from django.test import Client


class TalkTests(ChannelTestCase):
    """What visitors of the rooms notice."""

    def enter(self, name):
        client = WSClient(ordered=True)
        client.send_and_consume("websocket.connect", path="/talk/garden/", content={"query_string": name})
        return client

    def test_a_visitor_reads_what_others_say(self):
        alice, bob = self.enter("alice"), self.enter("bob")
        alice.send_and_consume("websocket.receive", path="/talk/garden/", text={"text": "hello"})
        for client in (alice, bob):
            event = client.receive()
            self.assertEqual((event["name"], event["said"], event["text"]), ("alice", 1, "hello"))

    def test_a_visitor_who_has_left_reads_nothing(self):
        alice = self.enter("alice")
        alice.send_and_consume("websocket.disconnect", path="/talk/garden/")
        Group("talk-garden").send({"text": "{}"})
        self.assertIsNone(alice.receive())

    def test_a_page_counts_the_visits(self):
        browser = Client()
        self.assertEqual([browser.get("/count/").content for _ in range(2)], [b"1", b"2"])
