"""Data bindings: `channels.binding.websockets`."""

from channels import route, route_class
from channels.binding.base import CREATE, DELETE, UPDATE
from channels.binding.websockets import WebsocketBinding, WebsocketBindingWithMembers
from channels.generic.websockets import WebsocketDemultiplexer
from channels.test import ChannelTestCase, WSClient, apply_routes
from django.contrib.auth.models import User

from tests.channels_transport.plain_site.models import Plant


class PlantBinding(WebsocketBinding):
    model = Plant
    stream = "plants"
    fields = ["name", "bed"]

    @classmethod
    def group_names(cls, instance):
        return [f"bed-{instance.bed}"]

    def has_permission(self, user, action, pk):
        return user.is_authenticated or action == CREATE


class WholePlantBinding(WebsocketBindingWithMembers):
    model = Plant
    stream = "whole"
    fields = ["__all__"]
    send_members = ["is_tall", "label"]

    @classmethod
    def group_names(cls, instance):
        return ["whole"]

    def has_permission(self, user, action, pk):
        return False


class StrictPlantBinding(PlantBinding):
    stream = "strict"
    strict_ordering = True

    @classmethod
    def group_names(cls, instance):
        return []


class Plants(WebsocketDemultiplexer):
    http_user = True
    consumers = {"plants": PlantBinding.consumer, "whole": WholePlantBinding.consumer}


class Outbound(ChannelTestCase):
    def listen(self, *groups):
        client = WSClient()
        for group in groups:
            client.join_group(group)
        return client

    def test_the_life_of_a_row_is_sent_to_its_group(self):
        client = self.listen("bed-north")
        plant = Plant.objects.create(name="rose", height=3)
        number = plant.pk
        plant.name = "tulip"
        plant.save()
        plant.delete()
        found = list(iter(client.receive, None))
        self.assertEqual([frame["stream"] for frame in found], ["plants"] * 3)
        self.assertEqual([frame["payload"]["action"] for frame in found], [CREATE, UPDATE, DELETE])
        self.assertEqual([frame["payload"]["pk"] for frame in found], [number] * 3)
        self.assertEqual(found[0]["payload"]["data"], {"name": "rose", "bed": "north"})
        self.assertEqual(found[0]["payload"]["model"], "plain_site.plant")

    def test_groups_are_those_of_the_saved_row(self):
        north, south = self.listen("bed-north"), self.listen("bed-south")
        plant = Plant.objects.create(name="rose")
        plant.bed = "south"
        plant.save()
        # Channels asks for the groups before and after the save, and both times the object has its new bed.
        self.assertEqual([frame["payload"]["action"] for frame in iter(north.receive, None)], [CREATE])
        self.assertEqual([frame["payload"]["action"] for frame in iter(south.receive, None)], [UPDATE])

    def test_all_fields_and_members_are_sent(self):
        client = self.listen("whole")
        Plant.objects.create(name="oak", height=900)
        expected = {"name": "oak", "bed": "north", "height": 900, "is_tall": True, "label": "oak in north"}
        self.assertEqual(client.receive()["payload"]["data"], expected)

    def test_a_binding_must_name_its_fields_and_its_model(self):
        with self.assertRaises(ValueError):

            class Careless(WebsocketBinding):
                model = Plant
                stream = "careless"

        with self.assertRaises(ValueError):

            class Nameless(WebsocketBinding):
                stream = "nameless"


class Inbound(ChannelTestCase):
    def send(self, client, stream="plants", **payload):
        client.send_and_consume("websocket.receive", text={"stream": stream, "payload": payload})

    def connect(self, user=None):
        client = WSClient()
        if user is not None:
            client.force_login(user)
        client.send_and_consume("websocket.connect")
        return client

    def make_user(self):
        return User.objects.create_user("alice", "alice@example.org", "secret")

    @apply_routes([route_class(Plants, path="/")])
    def test_a_client_with_permission_changes_rows(self):
        client = self.connect(self.make_user())
        self.send(client, action=CREATE, data={"name": "rose", "bed": "south"})
        plant = Plant.objects.get()
        self.assertEqual((plant.name, plant.bed), ("rose", "south"))
        self.send(client, action=UPDATE, pk=plant.pk, data={"name": "tulip", "height": 5})
        plant.refresh_from_db()
        self.assertEqual((plant.name, plant.height), ("tulip", 0))
        self.send(client, action=DELETE, pk=plant.pk)
        self.assertFalse(Plant.objects.exists())

    @apply_routes([route_class(Plants, path="/")])
    def test_a_client_can_do_only_what_has_permission_allows(self):
        client = self.connect()
        self.send(client, action=CREATE, data={"name": "rose"})
        plant = Plant.objects.get()
        self.send(client, action=UPDATE, pk=plant.pk, data={"name": "tulip"})
        self.send(client, action=DELETE, pk=plant.pk)
        self.send(client, stream="whole", action=CREATE, data={"name": "weed"})
        self.assertEqual([plant.name for plant in Plant.objects.all()], ["rose"])

    @apply_routes([route_class(Plants, path="/")])
    def test_an_unknown_action_is_an_error(self):
        with self.assertRaises(ValueError):
            self.send(self.connect(self.make_user()), action="burn", pk=1)

    @apply_routes([route("websocket.receive", StrictPlantBinding.consumer)])
    def test_a_binding_may_be_ordered(self):
        client = WSClient(ordered=True)
        for number in range(2):
            text = f'{{"action": "create", "data": {{"name": "rose {number}"}}}}'
            client.send_and_consume("websocket.receive", text=text)
        self.assertEqual([plant.name for plant in Plant.objects.order_by("pk")], ["rose 0", "rose 1"])
