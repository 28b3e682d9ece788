"""Blocks of addresses → what is behind them: nodes and their credentials, private networks, or the internet."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network

# Where a container gets credentials of its node; charts leave them out of EVERYWHERE.
RESERVED = (
    '169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32',
    'fe80::/10', 'fd00:ec2::/32', 'fd20:ce::254/128', '64:ff9b::a9fe:0/112', '::ffff:0:0/96',
)  # fmt: skip
EVERYWHERE = ('*', '0.0.0.0/0', '::/0')
# What is behind them belongs to somebody: nodes, the API server, other pods (reserved blocks serve for them, too), the
# company, or many receivers. The last ones contain others.
_PRIVATE = tuple(
    ip_network(text)
    for text in (
        '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16',
        '192.0.0.0/24', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4',
        'fc00::/7', 'fe80::/10', 'fec0::/10', '::1/128', '2002::/16', '64:ff9b::/96', '64:ff9b:1::/48',
        '::ffff:0:0/96',
    )
)  # fmt: skip


@cache
def block(cidr: str) -> IPv4Network | IPv6Network | None:
    """Return a block of addresses, or None if the text is none."""
    try:
        return ip_network(cidr, strict=False)
    except ValueError:
        return None


@cache
def reaches_nodes(cidr: str) -> bool:
    """Whether a block contains addresses at which nodes get credentials, which charts would not leave out."""
    if cidr in EVERYWHERE or (found := block(cidr)) is None:
        return False
    return any(found.version == other.version and found.overlaps(other) for other in map(ip_network, RESERVED))


@cache
def is_private(cidr: str) -> bool:
    """Whether a block contains addresses that are not the internet's."""
    found = block(cidr)
    return found is not None and any(found.version == one.version and found.overlaps(one) for one in _PRIVATE)


def is_granted(cidr: str, granted: Iterable[str]) -> bool:
    blocks = [block(text) for text in (('0.0.0.0/0', '::/0') if cidr == '*' else (cidr,))]
    permitted = [block(text) for text in granted]
    return all(any(_contains(whole, part) for whole in permitted) for part in blocks)


def _contains(whole: IPv4Network | IPv6Network | None, part: IPv4Network | IPv6Network | None) -> bool:
    if isinstance(whole, IPv4Network):
        return isinstance(part, IPv4Network) and part.subnet_of(whole)
    return isinstance(whole, IPv6Network) and isinstance(part, IPv6Network) and part.subnet_of(whole)
