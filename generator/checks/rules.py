"""The rules that keep releases, teams and tools apart, as one table.

A rule runs on what is in scope: on the registry as it is read, on each release when it is resolved, and on releases
together. A run over the whole repository checks all; an operation checks the models that it touches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generator.checks.additions import changed_additions
from generator.checks.alerts import silencing_alerts
from generator.checks.capacity import capacity_problems
from generator.checks.claims import written_artifacts
from generator.checks.code import replaced_code
from generator.checks.copies import overwritten_copies
from generator.checks.decided import decided_values
from generator.checks.devices import taken_devices
from generator.checks.domains import hosts_of_platform
from generator.checks.exceptions import changed_exceptions
from generator.checks.hosts import foreign_hosts, opened_by_values, owned_hosts
from generator.checks.kinds import forbidden_tools
from generator.checks.memberships import refused_members
from generator.checks.metadata import obeyed_metadata, pinned_metadata
from generator.checks.names import delivery_names, object_names, reserved_names, written_secrets
from generator.checks.network import opened_networks
from generator.checks.placement import placement_problems
from generator.checks.pods import pod_security
from generator.checks.requests import request_problems
from generator.checks.scope import Rule, Scope, Subject
from generator.checks.secrets import secret_problems
from generator.checks.servers import started_programs
from generator.checks.sessions import shared_sessions
from generator.checks.shares import unlimited_shares
from generator.checks.stores import shared_stores
from generator.domain.problems import Problem

RULES = (
    Rule(
        'decided-values', 'registry', 'what one part of the registry decides, no values may change', decided_values
    ),
    Rule(
        'obeyed-metadata', 'registry', 'annotations and labels give orders to Helm, agents and controllers',
        obeyed_metadata,
    ),
    Rule('pinned-metadata', 'release', 'controllers obey the metadata of older charts, too', pinned_metadata),
    Rule('opened-by-values', 'registry', 'a route leads through the gateway of the environment', opened_by_values),
    Rule('reserved-names', 'registry', 'a tool has the name for itself', reserved_names),
    Rule('refused-members', 'registry', 'a model says which applications it is in', refused_members),
    Rule('shared-stores', 'registry', 'an environment reads its own part of a store', shared_stores),
    Rule('started-programs', 'registry', 'what runs in a container is reviewed with its chart', started_programs),
    Rule('replaced-code', 'release', 'code that runs in a container is reviewed with its chart', replaced_code),
    Rule('foreign-hosts', 'release', 'an environment gives away only names of its domain', foreign_hosts),
    Rule('foreign-secrets', 'release', 'an object that pods use belongs to whoever has its name', secret_problems),
    Rule('forbidden-tools', 'release', 'the bootstrap permits the kinds that an environment uses', forbidden_tools),
    Rule('changed-exceptions', 'release', 'whoever makes an exception decides what it opens', changed_exceptions),
    Rule(
        'changed-additions', 'release', 'a Secret that an environment gives a program goes to no other',
        changed_additions,
    ),
    Rule('opened-networks', 'release', 'pods reach what their environment lets them reach', opened_networks),
    Rule('silencing-alerts', 'release', 'alerts of one model hide no others', silencing_alerts),
    Rule('pod-security', 'release', 'a container with rights over its node has those of all its pods', pod_security),
    Rule('taken-devices', 'release', 'the scheduler gives devices of a node to one pod', taken_devices),
    Rule('unlimited-shares', 'release', 'pods share the memory and the disk of a node', unlimited_shares),
    Rule('shared-sessions', 'release', 'pages of others get nothing by the sign-in of a visitor', shared_sessions),
    Rule('placement', 'release', 'nodes and ranks are for the platform to share out', placement_problems),
    Rule('owned-hosts', 'releases', 'a host name has one owner in a cluster', owned_hosts),
    Rule('platform-hosts', 'releases', 'whoever has the host of an issuer writes its keys', hosts_of_platform),
    Rule('shared-requests', 'releases', 'a request has one release that serves it', request_problems),
    Rule('object-names', 'releases', 'two releases in one namespace would overwrite each other', object_names),
    Rule('written-secrets', 'releases', 'two controllers would overwrite each other', written_secrets),
    Rule('overwritten-copies', 'releases', 'Flagger copies what pods use, over whatever is there', overwritten_copies),
    Rule('written-artifacts', 'releases', 'the files of a model were checked when they came', written_artifacts),
    Rule('delivery-names', 'releases', 'an agent knows a release by the name of its object', delivery_names),
    Rule('capacity', 'repository', 'pods without an accelerator wait for ever', capacity_problems),
)  # fmt: skip


def broken(scope: Scope, *subjects: Subject) -> Iterator[Problem]:
    """Yield the problems of all rules about these subjects; each carries the identifier of its rule."""
    for rule in RULES:
        if rule.subject in subjects:
            for problem in rule.check(scope):
                yield replace(problem, rule=rule.id)
