"""What users read of an error."""

from tfs_operator.api.conditions import Reason
from tfs_operator.fetcher.core.errors import FetchError


def test_a_message_is_one_line_that_can_be_printed() -> None:
    error = FetchError(Reason.STORE_ERROR, "s3://models/m: two\nlines\x1b[2J of a \udce9 store")
    assert error.message == str(error) == "s3://models/m: two lines [2J of a store"
    assert len(FetchError(Reason.STORE_ERROR, "x" * 100_000).message) == 2000
