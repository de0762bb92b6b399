"""Turns an unexpected exception into a FetchError: it costs one attempt, and never the process."""

import logging
import traceback

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError

log = logging.getLogger(__name__)


def unexpected_error(what: str, error: BaseException) -> FetchError:
    """Logs the traceback. The exception's own text is left out: it may quote a credential."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: unexpected error in the fetcher: %s\n%s", what, type(error).__name__, where)
    cause = f"unexpected error in the fetcher ({type(error).__name__}); its log has the traceback"
    return FetchError(Reason.STORE_ERROR, f"{what}: {cause}")
