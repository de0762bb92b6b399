"""templates/service.yaml: the way to the operator's own metrics."""

TEMPLATE = "service.yaml"


def test_leads_to_the_pods_http_port(chart):
    service = chart.one(TEMPLATE)
    deployment = chart.one("deployment.yaml")["spec"]
    assert service["spec"]["type"] == "ClusterIP"
    assert service["spec"]["selector"] == deployment["selector"]["matchLabels"]
    (port,) = service["spec"]["ports"]
    assert port == {"name": "http", "port": 8080, "targetPort": "http", "protocol": "TCP"}
    (operator,) = deployment["template"]["spec"]["containers"]
    assert port["targetPort"] in {each["name"] for each in operator["ports"]}


def test_can_be_left_out(chart):
    assert chart.source(TEMPLATE)
    assert not chart.source(TEMPLATE, "metrics.service.enabled=false")


def test_name_fits_dns(chart):
    name = chart.one(TEMPLATE, release="a" * 53, namespace="tfs")["metadata"]["name"]
    assert name.endswith("-metrics")
    assert len(name) <= 63
