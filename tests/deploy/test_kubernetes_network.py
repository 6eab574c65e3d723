"""The manifests for Kubernetes fit each other: selectors, ports, hosts, and the allowed connections."""

import pytest

from tests.deploy.manifests import OURS, ROOT, WORKLOADS, container_of, find, labels_of, matches, read_variables

pytestmark = pytest.mark.no_database


def test_every_selector_selects_one_workload():
    for name, workload in WORKLOADS.items():
        if workload["kind"] != "Job":
            assert matches(workload["spec"]["selector"], labels_of(name)), name
    selectors = [*((name, {"matchLabels": each["spec"]["selector"]}) for name, each in find("Service").items())]
    selectors += [(name, each["spec"]["selector"]) for name, each in find("PodDisruptionBudget").items()]
    for name, selector in selectors:
        assert [other for other in WORKLOADS if matches(selector, labels_of(other))] == [name]
    assert all(each["spec"]["serviceName"] in find("Service") for each in find("StatefulSet").values())


def test_the_ports_fit_the_image_the_probes_and_the_services():
    image = (ROOT / "Dockerfile").read_text()
    ports = {
        name: {each["name"]: each["containerPort"] for each in container_of(name).get("ports", [])} for name in OURS
    }
    assert f"PORT={ports['interface']['http']} " in image and f"EXPOSE {ports['interface']['http']}\n" in image
    variables = {pair["name"]: pair["value"] for pair in container_of("interface")["env"]}
    assert variables["METRICS_PORT"] == f"0.0.0.0:{ports['interface']['metrics']}"
    annotations = WORKLOADS["interface"]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(ports["interface"]["metrics"])
    (way_in,) = find("Ingress").values()
    (rule,) = way_in["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    (port,) = find("Service")[backend["name"]]["spec"]["ports"]
    assert (port["name"], port["targetPort"]) == (backend["port"]["name"], "http")
    (port,) = find("Service")["valkey"]["spec"]["ports"]
    assert f"@valkey:{port['port']}/" in read_variables("secrets.example.env")["REDIS_URL"]


def test_the_ingress_its_certificate_and_public_url_have_one_host():
    (way_in,) = find("Ingress").values()
    (rule,), (tls,) = way_in["spec"]["rules"], way_in["spec"]["tls"]
    assert tls["hosts"] == [rule["host"]]
    assert read_variables("settings.env")["PUBLIC_URL"] == f"https://{rule['host']}"


def test_the_proxy_waits_longer_than_an_interface_is_silent():
    (way_in,) = find("Ingress").values()
    annotations = way_in["metadata"]["annotations"]
    for name, text in annotations.items():
        if name.endswith(("proxy-read-timeout", "proxy-send-timeout")):
            # An interface sends a ping after 40 s of silence, and waits 30 s for its answer.
            assert int(text.removesuffix("s")) > 70, name
        assert isinstance(text, str), name
    sizes = {text for name, text in annotations.items() if name.endswith("body-size")}
    assert sizes == {"0"} and annotations["nginx.org/websocket-services"] == "interface"


def allowed(direction, name):
    """Return [(labels of the pods on the other side or None, port)] that the policies allow for a workload."""
    other = {"Ingress": "from", "Egress": "to"}[direction]
    found = []
    for policy in find("NetworkPolicy").values():
        spec = policy["spec"]
        if direction in spec["policyTypes"] and matches(spec["podSelector"], labels_of(name)):
            for rule in spec.get(direction.lower(), []):
                peers = [peer.get("podSelector") for peer in rule.get(other, [{}])]
                found += [(peer, port["port"]) for peer in peers for port in rule["ports"]]
    return found


def test_the_policies_refuse_by_default_and_allow_what_the_processes_need():
    everything = find("NetworkPolicy")["refuse-all"]["spec"]
    assert everything == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name in OURS:
        sent = allowed("Egress", name)
        assert {53, 5432, 6379} <= {port for _, port in sent}, name
        to_valkey = [selector for selector, port in sent if port == 6379]
        assert all(matches(selector, labels_of("valkey")) for selector in to_valkey)
        received = allowed("Ingress", "valkey")
        assert any(matches(selector, labels_of(name)) for selector, port in received if port == 6379)
        assert {port for _, port in allowed("Ingress", name)} == ({8000, 9191} if name == "interface" else set())
    assert {port for _, port in allowed("Egress", "valkey")} == {53}
    mail = {name for name in OURS if 587 in {port for _, port in allowed("Egress", name)}}
    assert {"tasks"} <= mail <= {"tasks", "worker"}
