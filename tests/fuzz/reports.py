"""Reports as agents send them."""

from typing import Any

from tfs_operator.api.conditions import Reason
from tfs_operator.domain.fetch_protocol import FetchProblem, FetchReport, FetchState, ModelReport, VersionReport

_LACKING = FetchProblem(reason=Reason.VERSION_NOT_FOUND, message="s3://models/m: version 3: is not there")
_VERSIONS = (
    VersionReport(version=1, state=FetchState.FETCHED, bytes=7, total_bytes=7, content="0123456789abcdef"),
    VersionReport(version=2, state=FetchState.FETCHING, bytes=5, total_bytes=100, bytes_per_second=50),
    VersionReport(version=3, state=FetchState.FAILED, problem=_LACKING),
    VersionReport(version=4, state=FetchState.WAITING),
)
_STORE = ModelReport(uri="s3://models/m", versions=_VERSIONS, listed=(1, 2, 4))
_FOLDER = ModelReport(uri="pvc://claim/m", versions=_VERSIONS[:1], problem=_LACKING, local=True, readable=False)
REPORTS: list[Any] = [
    FetchReport(models=models, ready=True, lag="version 2 is being loaded", revision="a1").model_dump(mode="json")
    for models in ({"mnist": _STORE}, {"mnist": _FOLDER}, {"mnist": _STORE, "other": _FOLDER}, {})
]
