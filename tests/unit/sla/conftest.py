"""One process of the service that has started."""

import pytest

from tests.unit.sla.watch import Watch


@pytest.fixture
async def watch() -> Watch:
    watch = Watch.fresh()
    await watch.starts()
    return watch
