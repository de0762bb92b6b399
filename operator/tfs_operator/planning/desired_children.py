"""Which children are to exist, given what is to be committed."""

from dataclasses import dataclass

from tfs_operator.api.manifest import Manifest
from tfs_operator.domain import deployment
from tfs_operator.domain.model_config import ModelServerConfig
from tfs_operator.domain.renewal import renewal
from tfs_operator.planning.model_sets import former_after
from tfs_operator.planning.observed import Observed
from tfs_operator.render import children
from tfs_operator.render.deployment import attempt_for, attempt_of, renewal_of
from tfs_operator.render.deployment import deployment as rendered_deployment
from tfs_operator.render.pinned_image import agent_record, pinned_settings
from tfs_operator.render.settings import Settings
from tfs_operator.render.trial_deployment import trial_deployment


@dataclass(frozen=True)
class Desired:
    """What is to exist. `agent` is `status.agent` once it does."""

    children: list[Manifest]
    agent: dict[str, str]


def desired_children(
    observed: Observed,
    committed: ModelServerConfig,
    recycled: str | None = None,
    *,
    replace_pods: bool,
    extra_pod: bool,
) -> Desired:
    """Returns the children in the order in which they are applied, also of kinds that the cluster does not know.

    `replace_pods`: those that are there read their configuration only at their start, and do not come up with it.
    `recycled`: the server for which the pods are replaced, or were last. `extra_pod`: one outside the Service is
    wanted, for a trial."""
    tfmodel, live = observed.tfmodel, observed.children.deployment
    attempt = attempt_for(tfmodel, committed) if observed.current and replace_pods else attempt_of(live)
    turn = _renewal(observed) or renewal_of(live)

    def rendered(settings: Settings) -> Manifest:
        return rendered_deployment(tfmodel, committed, settings, attempt, turn, recycled)

    settings = pinned_settings(live, observed.subject.agent, observed.settings, rendered)
    rolling = not deployment.facts(live).complete
    former = former_after(observed.sets, committed, observed.pods, rolling=rolling)
    surge = observed.surge.allowed
    made = children(tfmodel, committed, settings, attempt, turn, recycled, surge=surge, former=former)
    outside = [trial_deployment(each) for each in made if extra_pod and each["kind"] == "Deployment"]
    return Desired([*made, *outside], agent_record(live, settings))


def _renewal(observed: Observed) -> str | None:
    """Due when a certificate of some pod nears its end."""
    if observed.tfmodel.spec.server.tls is None:
        return None
    return renewal((pod.certificate for pod in observed.pods if pod.certificate), observed.now)
