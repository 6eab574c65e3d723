"""The text of the metrics, as Prometheus reads it."""

import pytest

from channels_transport.metrics.families import counter, gauge, write

pytestmark = pytest.mark.no_database


def test_the_text_names_the_kind_of_each_metric():
    families = [gauge("site_waiting", "Waiting messages").add(2), counter("site_sent", "Messages").add(7, channel="a")]
    assert write(families).decode().splitlines() == [
        "# HELP site_waiting Waiting messages",
        "# TYPE site_waiting gauge",
        "site_waiting 2.0",
        "# HELP site_sent_total Messages",
        "# TYPE site_sent_total counter",
        'site_sent_total{channel="a"} 7.0',
    ]


def test_prometheus_reads_unusual_labels():
    parser = pytest.importorskip("prometheus_client.parser")
    label = 'a "quoted" \\ text\nwith two lines'
    (family,) = parser.text_string_to_metric_families(write([gauge("site_info", "Text").add(1, name=label)]).decode())
    assert family.samples[0].labels == {"name": label} and family.samples[0].value == 1
