"""The status and the metadata of a model, as messages.

(model_servers/get_model_status_impl.cc, servables/tensorflow/get_model_metadata_impl.cc)
"""

from typing import Any

from model_server.core import ServerCore
from model_server.protos import get_model_metadata_pb2, get_model_status_pb2
from model_server.states import VersionState
from model_server.status import invalid_argument, not_found

SIGNATURE_DEF = "signature_def"


def model_status(core: ServerCore, spec: Any) -> Any:
    """The states of all versions, the newest first, or of the one asked for; a label is not looked at."""
    states = core.monitor.versions(spec.name)
    if spec.WhichOneof("version_choice") == "version":
        version = spec.version.value
        if version not in states:
            raise not_found(f"Could not find version {version} of model {spec.name}")
        states = {version: states[version]}
    elif not states:
        raise not_found(f"Could not find any versions of model {spec.name}")
    response = get_model_status_pb2.GetModelStatusResponse()
    for version, known in states.items():
        _add(response, version, known)
    return response


def model_metadata(core: ServerCore, request: Any) -> Any:
    """The signatures of a version that is available; raises StatusError(NOT_FOUND) if it is not."""
    if not request.metadata_field:
        raise invalid_argument("GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != SIGNATURE_DEF:
            raise invalid_argument(f"Metadata field {field} is not supported")
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    with core.servable(request.model_spec) as servable:
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, signature in servable.signatures.items():
            signatures.signature_def[name].CopyFrom(signature)
        response.model_spec.name = servable.id.model
        response.model_spec.version.value = servable.id.version
        response.metadata[SIGNATURE_DEF].Pack(signatures)
    return response


def _add(response: Any, version: int, known: VersionState) -> None:
    status = response.model_version_status.add(version=version, state=known.state.value)
    status.status.error_code = known.status.code
    status.status.error_message = known.status.message
