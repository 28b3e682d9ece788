"""Which paths a way covers, and which of several openings gets a request: by the most exact host, then path."""

from __future__ import annotations

import pytest

from generator.review.openings import ANY, Opening, Way, getter


@pytest.mark.parametrize(
    ('path', 'exact', 'point', 'covered'),
    [
        ('/', False, '/', True),
        ('/', False, '/v1/models', True),
        ('/', True, '/v1', False),
        ('/v1', False, '/v1', True),
        ('/v1', False, '/v1/models', True),
        ('/v1', False, '/v10', False),  # whole segments
        ('/v1/', False, '/v1', True),
        ('/v1', True, '/v1', True),
        ('/v1', True, '/v1/models', False),
        ('/a.B', False, '/a.B/C', True),
        (f'/{ANY}/C', True, '/a.B/C', True),  # a method of any service
        ('/*/C', True, '/a.B/C', False),  # a path of people
        ('/*/C', True, '/*/C', True),
        (f'/{ANY}/C', True, '/a.B/D', False),
        (f'/{ANY}/C', True, '/a/b/C', False),
    ],
)
def test_what_a_way_covers(path: str, point: str, *, exact: bool, covered: bool) -> None:
    assert Way(path, exact).covers(point) is covered


@pytest.mark.parametrize(
    ('path', 'exact'), [('/', False), ('/', True), ('/a/', False), ('/a', True), (f'/{ANY}/C', True)]
)
def test_a_way_covers_the_points_that_stand_for_it(path: str, *, exact: bool) -> None:
    way = Way(path, exact)
    assert all(map(way.covers, way.points))


def opening(model: str, host: str, path: str, *, exact: bool = False) -> Opening:
    way = Way(path, exact)
    return Opening(f'prod/{model}', 'route', host, way, way, 'http')


def test_who_gets_a_request() -> None:
    found = [
        opening('wild', '*.shop.example', '/v1/models'), opening('all', 'a.shop.example', '/'),
        opening('long', 'a.shop.example', '/v1'), opening('exact', 'a.shop.example', '/v1/x', exact=True),
    ]  # fmt: skip
    points = ('/', '/v1', '/v1/models', '/v1/x', '/v1/x/y')
    got = [one.model for point in points if (one := getter(found, point))]
    assert got == ['all', 'long', 'long', 'exact', 'long']
    assert all(each.is_of('a.shop.example') for each in found)
    assert not any(each.is_of('b.other.example') for each in found)
    assert getter([], '/') is None
