"""The flags of `tfs-operator run` that do not go together, told before anything is asked of a cluster."""

import argparse

import pytest

from tfs_operator.cli import main
from tfs_operator.cluster.lease import Times
from tfs_operator.commands import run


def parsed(*flags: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    run.add_parser(parser.add_subparsers())
    return parser.parse_args(["run", *flags])


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--leader-elect", "--renew-deadline-seconds=10"], "the lease duration must exceed the renew deadline"),
        (["--leader-elect", "--retry-period-seconds=5"], "at most half of the renew deadline"),
        (["--namespaces=a,,b"], "--namespaces takes names of namespaces, not 'a,,b'"),
        (["--namespaces=Team_A"], "--namespaces takes names of namespaces"),
    ],
)
def test_wrong_flags_are_one_line_and_exit_status_2(
    flags: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--kubeconfig=/nonexistent", *flags]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert len(said.splitlines()) == 1


def test_the_defaults_are_those_of_the_lease() -> None:
    flags = parsed()
    given = Times(flags.lease_duration_seconds, flags.renew_deadline_seconds, flags.retry_period_seconds)
    assert given == Times()
    assert not flags.leader_elect


def test_namespaces_may_be_repeated_or_listed() -> None:
    assert run._namespaces(parsed("--namespaces=a,b", "--namespaces=b", "--namespaces=c").namespaces) == ("a", "b", "c")
    assert run._namespaces(parsed().namespaces) == ()
