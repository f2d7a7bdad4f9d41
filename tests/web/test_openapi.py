"""The API does what its description says, whatever it is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis.openapi
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.web.conftest import Gallery
from tests.web.library import library

EXAMPLES = 30  # for each operation


@pytest.mark.slow
def test_every_operation_keeps_its_description(gallery: Gallery, tmp_path: Path) -> None:
    library(gallery.store, tmp_path / "photos", 5)
    schema = schemathesis.openapi.from_url(f"{gallery.url}/api/v1/openapi.json")
    for operation in schema.get_all_operations():
        assert isinstance(operation, Ok), operation
        check(operation.ok())


def check(operation: schemathesis.APIOperation[Any, Any, Any, Any]) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(excluded_checks=[positive_data_acceptance])  # bytes may be no photo, words no query

    run()
