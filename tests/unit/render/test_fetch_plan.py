"""What the agent fetches to and what the model server reads are one folder."""

from typing import Any

import pytest

from tests.unit.render.rendering import child, rendered, tfmodel
from tfs_operator.domain.fetch_protocol import FetchPlan


@pytest.mark.parametrize("cache", [{}, {"cache": {"persistentVolumeClaim": "models"}}])
@pytest.mark.parametrize("endpoint", [{}, {"endpoint": "http://minio.storage.svc:9000/"}])
def test_both_sides_have_the_same_folder(cache: dict[str, Any], endpoint: dict[str, Any]) -> None:
    config = child(rendered(tfmodel(modelUri="s3://b/m/1", storage={**cache, **endpoint})), "ConfigMap")["data"]
    [source] = FetchPlan.model_validate_json(config["fetch.json"]).sources
    assert f'base_path: "{source.base_path}"' in config["models.config"]
    assert source.store == ("http://minio.storage.svc:9000" if cache and endpoint else "")
