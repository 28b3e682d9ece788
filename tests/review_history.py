"""What each step of the example's scripted history does to production, by its title; the others do nothing dangerous.

Labels are from reading the steps, as of the changes in `review_corpus`.
"""

from __future__ import annotations

HISTORY: dict[str, set[str]] = {
    # The chart of 1.8.1 has another port of the Service, and its image another numbering.
    'to staging': {'major-image', 'service-port'},
    'to production': {'major-image', 'service-port'},
    'back to what ran before': {'order'},
    'what was trained in the night': {'worse-metrics'},  # nobody has said how good it is
    'it goes to prod, without staging, which has the next version': {'gate-skipped'},
    'one model goes on': {'worse-metrics'},  # its p99 is 4 ms longer
    'and then to the region, with what belongs to it': {'worse-metrics'},
    'nobody looks at belts at home': {'object-removed'},
    'not in this region': {'order'},  # who goes back knows that metrics are worse
    'so it starts again': {'order'},  # 42 is left out
    'a host name outside of the domain': {'wider-grant'},
    'customer service takes it over': {'wider-grant'},
}
