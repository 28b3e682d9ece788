"""Values of charts and of registry files as plain data, and what charts say of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Values = Mapping[str, Any]

# The format of a chart's values, which the compiler relies on in a pinned chart.
VALUES_CONTRACT = 1
DOMAIN = 'chartloom.dev'
