"""templates/networkpolicy.yaml: who may reach the operator."""

TEMPLATE = "networkpolicy.yaml"
PORT = {"port": "http", "protocol": "TCP"}


def test_only_the_port_of_probes_and_metrics_is_open(chart):
    spec = chart.one(TEMPLATE)["spec"]
    assert spec["ingress"] == [{"ports": [PORT]}]
    (operator,) = chart.one("deployment.yaml")["spec"]["template"]["spec"]["containers"]
    assert PORT["port"] in {each["name"] for each in operator["ports"]}


def test_egress_is_open(chart):
    spec = chart.one(TEMPLATE)["spec"]
    assert spec["policyTypes"] == ["Ingress"]
    assert "egress" not in spec


def test_finds_the_operators_pods_and_not_the_tests(chart):
    spec = chart.one(TEMPLATE)["spec"]
    assert spec["podSelector"] == chart.one("deployment.yaml")["spec"]["selector"]
    test = chart.one("tests/pod.yaml")["metadata"]["labels"]
    assert not spec["podSelector"]["matchLabels"].items() <= test.items()


def test_clients_can_be_named(chart):
    setting = "networkPolicy.from[0].podSelector.matchLabels.app=prometheus"
    (rule,) = chart.one(TEMPLATE, setting)["spec"]["ingress"]
    assert rule == {"ports": [PORT], "from": [{"podSelector": {"matchLabels": {"app": "prometheus"}}}]}


def test_can_be_left_out(chart):
    assert not chart.source(TEMPLATE, "networkPolicy.enabled=false")
