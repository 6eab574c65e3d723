"""The channel layer in Redis keeps ASGI's contract: plain, encrypted, on several hosts, and with local hosts."""

from types import SimpleNamespace

import pytest
from asgiref import conformance

from channels_transport.local import RedisLocalChannelLayer
from tests.channels_transport.layers import make_layer, pass_time

pytestmark = pytest.mark.no_database


class Conformance(conformance.ConformanceTestCase):
    """ASGI's own tests. Each subclass runs them with another kind of layer."""

    __test__ = False
    expiry_delay = 20.1
    capacity_limit = 5
    options = {}
    make_layer = staticmethod(make_layer)

    @pytest.fixture(autouse=True)
    def set_channel_layer(self, valkey_url, monkeypatch):
        # The test of groups is skipped if the expiry is above 20 s. Only a test's `sleep` lets time pass.
        layer = self.make_layer(valkey_url, **{"expiry": 20, "group_expiry": 20, "capacity": 5, **self.options})
        parts = {layer, layer.replies_layer}

        def sleep(seconds):
            for part in parts:
                pass_time(part, seconds)

        monkeypatch.setattr(conformance, "time", SimpleNamespace(sleep=sleep))
        type(self).channel_layer = layer


class TestPlain(Conformance):
    __test__ = True


class TestEncrypted(Conformance):
    __test__ = True
    options = {"symmetric_encryption_keys": ["new", "old"]}


class TestThreeHosts(Conformance):
    __test__ = True
    options = {"shards": 3}


def make_local_layer(url, **options):
    server = url.rsplit("/", 1)[0]
    layer = RedisLocalChannelLayer(hosts=[f"{server}/0"], local_hosts=[f"{server}/1"], **options)
    layer.flush()
    return layer


class TestLocal(Conformance):
    __test__ = True
    make_layer = staticmethod(make_local_layer)
