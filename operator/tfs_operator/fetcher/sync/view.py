"""What is known of one base path, and which versions follow from it. Pure; everything is computed anew each time."""

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field

from tfs_operator.domain.fetch_protocol import ModelOrder, VersionSet
from tfs_operator.domain.observation import END
from tfs_operator.fetcher.core.source import RemoteVersion

MOST_UNFIT = 1000
"""So many versions in a row that cannot be served are passed over: a store may have any number of them."""

States = Mapping[int, str]
"""What a model server says of the versions of a model, by number."""


@dataclass(frozen=True)
class BasePathView:
    """What is known of one base path. `orders` has what each model of this base path is to hold: two models may have
    the same URI."""

    orders: Mapping[str, ModelOrder]

    present: Mapping[int, RemoteVersion | None]
    """What is in place, as it was fetched; None where that is unknown."""

    listed: Mapping[int, RemoteVersion] | None = None
    """What the store had when it last answered; None before."""

    listing_failed: bool = False
    """The store's last answer was an error."""

    bad: Set[int] = frozenset()
    """Versions whose content in the store cannot be served, by the last attempt."""

    unsettled: Mapping[int, float] = field(default_factory=dict)
    """Versions whose upload may still be running, and when each is to be listed again."""

    states: States | None = None
    """None where the model server does not answer."""

    held: Set[int] = frozenset()
    """What other pods hold in the same base path."""

    complete: bool = True
    """Every model of the base path has been ordered something."""

    fetched: Set[int] = field(init=False)

    def __post_init__(self) -> None:
        whole = frozenset(number for number, record in self.present.items() if record is not None)
        object.__setattr__(self, "fetched", whole)

    @property
    def discovers(self) -> bool:
        return any(order.start.discovers or order.hold.discovers for order in self.orders.values())

    def offered(self) -> Collection[int] | None:
        """Returns what policies pick from: what the store has; what is in place where the store has never answered and
        cannot be asked, so that a pod starts with what it has; None while nothing is known."""
        if self.listed is not None:
            return self.listed.keys()
        return self.fetched if self.listing_failed else None

    def aspired(self) -> frozenset[int]:
        """Returns every version that is to be fetched or kept."""
        return frozenset().union(*map(self._of, self.orders.values()))

    def named(self) -> frozenset[int]:
        """Returns the versions that are ordered by their numbers."""
        return frozenset().union(*(order.named for order in self.orders.values()))

    def needed_to_start(self) -> frozenset[int]:
        """Returns those among them that a model server waits for."""
        return frozenset().union(*(self._picked(order.start) for order in self.orders.values()))

    def started(self, order: ModelOrder) -> bool:
        """Whether a model server can start with what is there. What a policy picks and cannot be served, or not yet, is
        not waited for: one upload must not keep every new pod from starting."""
        if not self.fetched >= set(order.start.versions):
            return False
        if not order.start.discovers:
            return True
        picked = self._picked(order.start) - (self.unready - set(order.start.versions))
        return bool(picked) and self.fetched >= picked

    def missing(self) -> frozenset[int]:
        return self.aspired() - self.fetched

    def changed(self) -> frozenset[int]:
        """Returns what is in place, ordered, and something else in the store by now. It is fetched again where no
        server has it, or where it is unfit."""
        listed = self.listed or {}
        return frozenset(n for n in self.aspired() & self.fetched if n in listed and listed[n] != self.present[n])

    def unfit(self) -> frozenset[int]:
        """Returns the versions that every model which is to hold them has found to be unfit."""
        found = {number for order in self.orders.values() for number in order.unfit}
        return frozenset(n for n in found if all(n in o.unfit for o in self.orders.values() if n in self._of(o)))

    def busy(self, number: int) -> bool:
        """Whether a server may have it loaded: a server that does not answer may."""
        if self.states is None or number in self.held:
            return True
        return self.states.get(number, END) != END

    def fetchable(self) -> list[int]:
        """Returns what can be fetched now, in order: what a server waits for, then the rest, each from the highest
        number down, so that `latest` does not load what it is about to leave. An upload that may still run is not among
        them."""
        if self.listed is None or self.listing_failed:
            return []
        unfit = self.unfit()
        idle = {n for n in self.changed() if n in unfit or not self.busy(n)}
        candidates = {n for n in self.missing() if not self._occupied(n)} | idle
        needed_to_start = self.needed_to_start()
        listed = self.listed.keys() - self.unsettled.keys()
        return sorted(candidates & listed, key=lambda n: (n not in needed_to_start, -n))

    @property
    def unready(self) -> frozenset[int]:
        """What cannot be served, or is not wholly uploaded."""
        return frozenset(self.bad) | (self.unsettled.keys() - self.fetched)

    def _occupied(self, number: int) -> bool:
        """A folder of unknown content that a server is known to use. One that does not answer has not started yet: it
        waits for us."""
        return number in self.present and self.states is not None and self.busy(number)

    def _of(self, order: ModelOrder) -> frozenset[int]:
        return self._picked(order.start) | self._picked(order.hold)

    def _picked(self, selection: VersionSet) -> frozenset[int]:
        offered = self.offered() or ()
        policy = frozenset(offered) if selection.all else self._latest(selection.latest, offered)
        return policy | frozenset(selection.versions)

    def _latest(self, count: int, offered: Collection[int]) -> frozenset[int]:
        """The highest numbers, until `count` of them are fit; the unfit ones too, since they are tried again and may
        become fit."""
        picked, unfit, unready = set[int](), 0, self.unready
        for number in sorted(offered, reverse=True):
            if len(picked) - unfit == count or unfit == MOST_UNFIT:
                break
            picked.add(number)
            unfit += number in unready
        return frozenset(picked)
