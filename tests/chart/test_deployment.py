"""templates/deployment.yaml: the operator's pod."""

import argparse

import pytest

from tfs_operator.commands import run

TEMPLATE = "deployment.yaml"
OF_THE_RELEASE = ("--leader-elect", "--lease-name=", "--lease-namespace=")
"""Without these an operator acts at once, as one that is started by hand should."""


def pod(chart, *settings):
    return chart.one(TEMPLATE, *settings)["spec"]["template"]["spec"]


def container(chart, *settings):
    (only,) = pod(chart, *settings)["containers"]
    return only


def parse(arguments):
    parser = argparse.ArgumentParser()
    run.add_parser(parser.add_subparsers(dest="command"))
    return parser.parse_args(["run", *arguments])


def test_two_operators_of_which_one_acts(chart):
    spec = chart.one(TEMPLATE)["spec"]
    assert spec["replicas"] == 2
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert chart.one(TEMPLATE, "replicas=1")["spec"]["replicas"] == 1


def test_the_lease_is_the_releases_own(chart):
    given = parse(container(chart)["args"])
    assert (given.leader_elect, given.lease_name, given.lease_namespace) == (True, *full_name_and_namespace(chart))


def full_name_and_namespace(chart):
    metadata = chart.one(TEMPLATE)["metadata"]
    return metadata["name"], metadata["namespace"]


def test_selector_finds_the_pod_and_does_not_change_with_the_version(chart):
    spec = chart.one(TEMPLATE)["spec"]
    selector = spec["selector"]["matchLabels"]
    assert selector == {
        "app.kubernetes.io/name": "tfs-operator",
        "app.kubernetes.io/instance": "tfs-operator",
    }
    assert selector.items() <= spec["template"]["metadata"]["labels"].items()


def test_command_and_default_arguments(chart):
    operator = container(chart)
    assert operator["command"] == ["tfs-operator", "run"]
    assert operator["args"] == [
        "--server-image=tensorflow/serving:2.21.0",
        "--gpu-server-image=tensorflow/serving:2.21.0-gpu",
        "--fetcher-image=tfs-operator:0.2.0",
        "--status-poll-seconds=30",
        "--retry-seconds=60",
        "--workers=4",
        "--http-port=8080",
        "--cluster-domain=cluster.local",
        "--leader-elect",
        "--lease-name=tfs-operator",
        "--lease-namespace=tfs",
        "--lease-duration-seconds=10",
        "--renew-deadline-seconds=7",
        "--retry-period-seconds=2",
        "--log-format=json",
        "--log-level=info",
        "--network-policies=true",
        "--operator-namespace=tfs",
        "--operator-labels=app.kubernetes.io/instance=tfs-operator,app.kubernetes.io/name=tfs-operator",
    ]


PEERS = '[{"podSelector":{"matchLabels":{"a":"b"}}}]'
FETCHER_BY_DIGEST = f"--fetcher-image=tfs-operator@sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("setting", "argument"),
    [
        ("serverImages.cpu=mirror/serving:1", "--server-image=mirror/serving:1"),
        ("serverImages.gpu=mirror/serving:1-gpu", "--gpu-server-image=mirror/serving:1-gpu"),
        ("image.digest=sha256:0000000000000000000000000000000000000000000000000000000000000000", FETCHER_BY_DIGEST),
        ("updateAgentsAtOnce=true", "--update-agents-at-once"),
        ("allowHostPath=true", "--allow-hostpath"),
        ("allowKedaCredentials=true", "--allow-keda-credentials"),
        ("statusPollSeconds=3600", "--status-poll-seconds=3600"),
        ("retrySeconds=3600", "--retry-seconds=3600"),
        ("workers=16", "--workers=16"),
        ("leaderElection.leaseDurationSeconds=20", "--lease-duration-seconds=20"),
        ("leaderElection.renewDeadlineSeconds=8", "--renew-deadline-seconds=8"),
        ("leaderElection.retryPeriodSeconds=1", "--retry-period-seconds=1"),
        ("clusterDomain=k8s.example", "--cluster-domain=k8s.example"),
        ("networkPolicies.enabled=false", "--network-policies=false"),
        ("networkPolicies.clients[0].podSelector.matchLabels.a=b", f"--network-policy-clients={PEERS}"),
        ("networkPolicies.monitoring[0].podSelector.matchLabels.a=b", f"--network-policy-monitoring={PEERS}"),
        ("logging.format=text", "--log-format=text"),
        ("logging.level=debug", "--log-level=debug"),
    ],
)
def test_arguments_follow_values(chart, setting, argument):
    arguments = container(chart, setting)["args"]
    assert argument in arguments
    names = [each.partition("=")[0] for each in arguments]
    assert len(names) == len(set(names)), f"repeated arguments: {names}"


WHERE_IT_IS = {"operator_namespace", "operator_labels"}
"""Nobody but the chart knows it."""

POLICIES = [
    "networkPolicies.enabled=false",
    "networkPolicies.clients[0].podSelector.a=b",
    "networkPolicies.monitoring[0].podSelector.a=b",
]


def test_the_operator_knows_its_own_pod(chart):
    """Else its NetworkPolicies would keep it out."""
    found = parse(container(chart, "nameOverride=serving", "podLabels.a=b")["args"])
    metadata = chart.one(TEMPLATE, "nameOverride=serving", "podLabels.a=b")
    assert found.operator_labels.items() <= metadata["spec"]["template"]["metadata"]["labels"].items()
    assert found.operator_labels == metadata["spec"]["selector"]["matchLabels"]
    assert found.operator_namespace == metadata["metadata"]["namespace"]


def test_arguments_are_what_the_operator_takes_and_defaults_are_its_own(chart):
    defaults = vars(parse([]))
    own = [each for each in container(chart)["args"] if not each.startswith(OF_THE_RELEASE)]
    assert {name for name, value in vars(parse(own)).items() if defaults[name] != value} == WHERE_IT_IS
    changed = ["serverImages.cpu=a", "serverImages.gpu=b", "allowHostPath=true", "statusPollSeconds=1", "workers=1"]
    changed += ["allowKedaCredentials=true", "updateAgentsAtOnce=true"]
    changed += ["logging.format=text", "logging.level=error", "retrySeconds=1", "clusterDomain=k8s.example"]
    changed += [f"leaderElection.{name}=5" for name in ("renewDeadlineSeconds", "retryPeriodSeconds")]
    changed += ["leaderElection.leaseDurationSeconds=9", "nameOverride=x", "image.tag=x"]
    given = parse(container(chart, *changed, *POLICIES)["args"])
    same = {name for name, value in defaults.items() if getattr(given, name) == value}
    assert same == {"command", "execute", "http_port", "kubeconfig", "namespaces"}


def test_hostpath_is_refused_by_default(chart):
    assert "--allow-hostpath" not in container(chart)["args"]


def test_pod_meets_the_restricted_standard(chart):
    spec = pod(chart)
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container(chart)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC", "initContainers"}
    assert all(volume.keys() <= {"name", "emptyDir"} for volume in spec["volumes"])


def test_only_tmp_can_be_written(chart):
    assert container(chart)["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert pod(chart)["volumes"] == [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}]


def test_probes_ask_the_http_port(chart):
    operator = container(chart)
    assert operator["ports"] == [{"name": "http", "containerPort": 8080, "protocol": "TCP"}]
    assert "--http-port=8080" in operator["args"]
    paths = {name: operator[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {
        "startupProbe": {"path": "/healthz", "port": "http"},
        "livenessProbe": {"path": "/healthz", "port": "http"},
        "readinessProbe": {"path": "/readyz", "port": "http"},
    }


def test_further_arguments_come_last(chart):
    assert container(chart, "extraArgs={--verbose}")["args"] == [*container(chart)["args"], "--verbose"]


def test_watched_namespaces_are_named_only_where_there_are_some(chart):
    assert not [each for each in container(chart)["args"] if each.startswith("--namespaces")]
    arguments = container(chart, "watchNamespaces={team-a,team-b}")["args"]
    assert [each for each in arguments if each not in container(chart)["args"]] == [
        "--namespaces=team-a",
        "--namespaces=team-b",
    ]
    assert parse(arguments).namespaces == ["team-a", "team-b"]


def test_environment_is_the_users_alone_and_so_none_is_repeated(chart):
    assert "env" not in container(chart)
    settings = ["extraEnv[0].name=HTTPS_PROXY", "extraEnv[0].value=http://proxy:3128"]
    assert container(chart, *settings)["env"] == [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}]
    assert "envFrom" not in container(chart)
    assert pod(chart)["enableServiceLinks"] is False


def test_default_resources(chart):
    assert container(chart)["resources"] == {
        "requests": {"cpu": "50m", "memory": "96Mi"},
        "limits": {"memory": "256Mi"},
    }


@pytest.mark.parametrize(
    ("settings", "image"),
    [
        ([], "tfs-operator:0.2.0"),
        (["image.tag=dev"], "tfs-operator:dev"),
        (["image.repository=mirror.example:5000/ml/tfs-operator"], "mirror.example:5000/ml/tfs-operator:0.2.0"),
        (["image.tag=dev", f"image.digest=sha256:{'a' * 64}"], f"tfs-operator@sha256:{'a' * 64}"),
    ],
)
def test_image(chart, settings, image):
    assert container(chart, *settings)["image"] == image


@pytest.mark.parametrize(
    ("setting", "where", "expected"),
    [
        ("imagePullSecrets[0].name=mirror", "imagePullSecrets", [{"name": "mirror"}]),
        ("priorityClassName=system-cluster-critical", "priorityClassName", "system-cluster-critical"),
        ("nodeSelector.disk=ssd", "nodeSelector", {"disk": "ssd"}),
        ("tolerations[0].operator=Exists", "tolerations", [{"operator": "Exists"}]),
        (
            "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight=1",
            "affinity",
            {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}]}},
        ),
    ],
)
def test_pod_settings(chart, setting, where, expected):
    assert pod(chart, setting)[where] == expected
    assert where not in pod(chart)


def test_two_are_spread_and_one_is_not(chart):
    assert "topologySpreadConstraints" not in pod(chart, "replicas=1")
    spread = pod(chart, "replicas=2")["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    for each in spread:
        assert each["whenUnsatisfiable"] == "ScheduleAnyway"
        assert each["labelSelector"] == chart.one(TEMPLATE)["spec"]["selector"]
        assert each["matchLabelKeys"] == ["pod-template-hash"]


def test_own_spread_replaces_the_charts(chart):
    keys = {"maxSkew": 2, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}
    settings = [f"topologySpreadConstraints[0].{name}={value}" for name, value in keys.items()]
    assert pod(chart, "replicas=2", *settings)["topologySpreadConstraints"] == [keys]


def test_pull_policy_and_resources_can_be_set(chart):
    operator = container(chart, "image.pullPolicy=Never", "resources.limits.cpu=1", "resources.limits.memory=1Gi")
    assert operator["imagePullPolicy"] == "Never"
    assert operator["resources"]["limits"] == {"cpu": 1, "memory": "1Gi"}


def test_pod_labels_and_annotations_are_added(chart):
    metadata = chart.one(TEMPLATE, "podLabels.team=ml", "podAnnotations.note=x")["spec"]["template"]["metadata"]
    assert metadata["labels"]["team"] == "ml"
    assert metadata["annotations"] == {"kubectl.kubernetes.io/default-container": "operator", "note": "x"}


def test_pod_labels_cannot_lead_the_pod_away_from_its_selector(chart):
    spec = chart.one(TEMPLATE, r"podLabels.app\.kubernetes\.io/name=other")["spec"]
    assert spec["template"]["metadata"]["labels"]["app.kubernetes.io/name"] == "tfs-operator"
