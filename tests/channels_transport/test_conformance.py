"""The channel layer in Redis keeps ASGI's contract: plain, encrypted, and on several hosts."""

import pytest
from asgiref import conformance

from tests.channels_transport.layers import make_layer

pytestmark = pytest.mark.no_database


class Conformance(conformance.ConformanceTestCase):
    """ASGI's own tests. Each subclass runs them with another kind of layer."""

    __test__ = False
    expiry_delay = 1.1
    capacity_limit = 5
    options = {}

    @pytest.fixture(autouse=True)
    def set_channel_layer(self, request, valkey_url):
        # Only the tests of expiry have a short expiry, so that nothing else expires on a slow machine.
        seconds = 1 if "expiry" in request.node.name else 60
        options = {"expiry": seconds, "group_expiry": seconds, "capacity": 5, **self.options}
        type(self).channel_layer = make_layer(valkey_url, **options)


class TestPlain(Conformance):
    __test__ = True


class TestEncrypted(Conformance):
    __test__ = True
    options = {"symmetric_encryption_keys": ["new", "old"]}


class TestThreeHosts(Conformance):
    __test__ = True
    options = {"shards": 3}
