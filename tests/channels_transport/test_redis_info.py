"""The information that a Redis server reports, and the check of its version."""

import pytest
from django.core.management import CommandError

from channels_transport.management.servers import check_servers
from channels_transport.redis_info import check_version, is_too_old, read_information
from tests.channels_transport.layers import make_layer
from tests.valkey import running_cluster

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize("version, too_old", [("6.2.14", True), ("7.0.0", False), ("7", False), ("10.1", False)])
def test_versions_from_7_on_are_new_enough(version, too_old):
    assert is_too_old(version) is too_old


def test_the_fields_of_several_sections_are_read_together(valkey_url):
    shard = make_layer(valkey_url).shards[0]
    fields = read_information(shard, "server", "memory")
    assert int(fields["used_memory"]) > 0 and fields["redis_version"]
    check_version(shard)


def test_a_server_of_a_cluster_is_refused_with_the_reason_and_a_remedy():
    with running_cluster() as url:
        with pytest.raises(
            CommandError, match="Redis Cluster, which is not supported.*separated by commas, or a service"
        ):
            check_servers(make_layer(url))
