"""All that the operator remembers of one TFModel besides its status, in one object: forgetting it is dropping that."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tfs_operator.controller.apply.children import Children
from tfs_operator.controller.key import TFModelKey
from tfs_operator.controller.pods.fetchers import Fetchers
from tfs_operator.controller.pods.observe import Observer
from tfs_operator.controller.pods.probe import Prober
from tfs_operator.controller.pods.reload import Reloader
from tfs_operator.planning import Remembered


@dataclass
class TFModelState:
    """Remembers one TFModel. Losing it costs repetition, never safety: an operator that starts has none."""

    children: Children
    """Knows how the API server rewrote a child, and which children it rejected."""

    observer: Observer
    reloader: Reloader
    fetchers: Fetchers
    prober: Prober
    """These know the open calls to the pods, and what each pod answered last."""

    remembered: Remembered = field(default_factory=Remembered)
    driven: bool = False
    """Whether the last pass acted on it: the times in the status then count."""

    failure: str = ""
    """Why the last reconcile failed, as it was logged; empty after one that did not."""

    def close(self) -> None:
        """Cancels every call to a pod."""
        for room in (self.observer, self.reloader, self.fetchers, self.prober):
            room.close()


class TFModelStates:
    """Holds one state for each TFModel that was reconciled and is not gone."""

    def __init__(self, make: Callable[[TFModelKey], TFModelState]) -> None:
        self._make = make
        self._states: dict[TFModelKey, TFModelState] = {}

    def __len__(self) -> int:
        return len(self._states)

    def of(self, key: TFModelKey) -> TFModelState:
        """Returns the state, which is made when it is first asked for."""
        if key not in self._states:
            self._states[key] = self._make(key)
        return self._states[key]

    def find(self, key: TFModelKey) -> TFModelState | None:
        """Returns the state; None where there is none."""
        return self._states.get(key)

    def drop(self, key: TFModelKey) -> None:
        """Forgets the TFModel, and ends what goes on for it."""
        state = self._states.pop(key, None)
        if state is not None:
            state.close()
