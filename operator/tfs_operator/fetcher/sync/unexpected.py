"""What to make of an exception that nobody has foreseen: it costs one attempt, and never the process."""

import logging
import traceback

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError

log = logging.getLogger(__name__)


def mistake(what: str, error: BaseException) -> FetchError:
    """Says in the log where it happened. The exception's own text is left out: it may quote a credential."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: a mistake in the fetcher: %s\n%s", what, type(error).__name__, where)
    cause = f"a mistake in the fetcher ({type(error).__name__}); its log says where"
    return FetchError(Reason.STORE_ERROR, f"{what}: {cause}")
