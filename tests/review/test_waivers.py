"""Waivers in the registry: a published one accepts a risk until a day, in every form; one of the request does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, answered, chartloom, published

from generator.domain.waivers import Waiver
from generator.review.records import Evidence, Risk, Rule
from generator.review.waivers import Accepted

DAY, LATER = ('--at', '2026-12-10T12:00:00Z'), ('--at', '2027-01-01T00:00:00Z')
HALVED = {'pods-halved': {'until': '2026-12-31', 'reason': 'a quiet *month*'}}
TOLD = 'until 2026-12-31: a quiet *month*'
FEWER = {'values': {'replicaCount': 2}}


def registry(release: Any = None, **environments: Any) -> r.Files:
    """A release in each environment; `release` are the waivers of the one in prod."""
    files = {**r.settings(), **r.model('web', replicas=4)}
    for name, waivers in {'prod': {}, **environments}.items():
        files |= {**r.following(name, **({'waivers': waivers} if waivers else {})), **r.release(name, 'web')}
    return files | (waived(release) if release else {})


def waived(waivers: Any, **spec: Any) -> r.Files:
    return r.release('prod', 'web', waivers=waivers, **spec)


def reviewed(made: Checkout, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = answered(made, 'review', *arguments)
    return found


def rules(found: dict[str, Any]) -> list[tuple[str, list[str], str]]:
    """The rules of the risks with their releases, and what their waivers are."""
    return [
        (risk['rule'], risk['releases'], ('ended' if risk['waiver']['ended'] else 'waived') if risk['waiver'] else '')
        for risk in found['risks']
    ]


@pytest.fixture
def accepted(tmp_path: Path) -> Checkout:
    """Half of the pods go, and the published release accepts that."""
    made = published(tmp_path / 'made', registry(HALVED))
    made.write(waived(HALVED, **FEWER))
    return made


def test_a_waived_risk_is_told_and_does_not_count(accepted: Checkout) -> None:
    found = reviewed(accepted, *DAY)
    assert (found['worst'], rules(found)) == (None, [('pods-halved', ['prod/web'], 'waived')])
    assert found['summary'] == '1 waived: 1 release in prod; 0 pods are replaced'
    assert found['risks'][0]['waiver'] == {
        **HALVED['pods-halved'], 'file': 'registry/releases/prod/web.yaml', 'ended': False,
    }  # fmt: skip
    done = chartloom(accepted.folder, 'review', '--fail-on', 'medium', '--fail-on', 'pods-halved', *DAY)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:4] == [
        'waived, critical: half of the serving pods or more go  [prod/web]',
        '  pods at their fewest: 4 → 2',
        f'  waived {TOLD}',
    ]


def test_every_form_tells_it(accepted: Checkout) -> None:
    markdown, html, sarif = (
        chartloom(accepted.folder, 'review', '--form', form, *DAY).stdout for form in ('markdown', 'html', 'sarif')
    )
    lines = markdown.splitlines()
    assert lines[2] == '### Waived'
    assert lines[4].endswith('`pods-halved` `Waived until 2026-12-31: a quiet *month*.`')
    assert f'<p class="waiver">waived {TOLD}</p>' in html
    (result,) = json.loads(sarif)['runs'][0]['results']
    justification = f'waived {TOLD} (registry/releases/prod/web.yaml)'
    assert result['suppressions'] == [{'kind': 'external', 'status': 'accepted', 'justification': justification}]


def test_a_waiver_ends_after_its_day(accepted: Checkout) -> None:
    assert rules(reviewed(accepted, '--at', '2026-12-31T23:59:59Z')) == [('pods-halved', ['prod/web'], 'waived')]
    found = reviewed(accepted, *LATER)
    assert (found['worst'], rules(found)) == ('critical', [('pods-halved', ['prod/web'], 'ended')])
    done = chartloom(accepted.folder, 'review', '--fail-on', 'critical', *LATER)
    assert done.returncode == 1
    assert '  its waiver ended after 2026-12-31: a quiet *month*' in done.stdout.splitlines()


def test_a_request_accepts_nothing_of_its_own(tmp_path: Path) -> None:
    made = published(tmp_path / 'made', registry())
    made.write(waived(HALVED, **FEWER))
    found = reviewed(made, *DAY)
    assert rules(found) == [('pods-halved', ['prod/web'], ''), ('waiver', ['prod/web'], '')]
    risk = found['risks'][1]
    assert (risk['severity'], risk['object']) == ('high', 'registry/releases/prod/web.yaml')
    assert (risk['field'], risk['old'], risk['new']) == ('$.spec.waivers.pods-halved', 'none', TOLD)


@pytest.mark.parametrize(
    ('until', 'reason', 'risks'),
    [('2027-01-31', 'more', 1), ('2026-12-30', 'less', 0), ('2026-12-31', 'in other words', 0)],
)
def test_a_waiver_that_is_made_longer_is_a_risk(tmp_path: Path, until: str, reason: str, risks: int) -> None:
    made = published(tmp_path / 'made', registry(HALVED))
    made.write(waived({'pods-halved': {'until': until, 'reason': reason}}))
    found = reviewed(made, *DAY)
    assert [(risk['rule'], risk['old']) for risk in found['risks']] == [('waiver', '2026-12-31')] * risks
    assert found['releases'] == found['differences'] == []


def test_waivers_are_those_that_are_published_by_now(tmp_path: Path) -> None:
    """A branch that began before cannot keep one that was taken back, and need not be brought up to date for one."""
    other = {'restart': {'until': '2026-12-31', 'reason': 'a move'}}
    made = published(tmp_path / 'made', registry(HALVED))
    made.git('checkout', '-qb', 'request')
    made.write(waived(HALVED | other, **FEWER))
    assert made.commit().commit
    made.git('checkout', '-q', 'main')
    made.write(waived(other))
    assert made.commit().commit
    assert rules(reviewed(made, 'main', 'request', *DAY)) == [('pods-halved', ['prod/web'], '')]
    made.write(waived({'pods-halved': {'until': '2027-12-31', 'reason': 'a quiet year'}}))
    assert made.commit().commit
    assert rules(reviewed(made, 'main', 'request', *LATER)) == [('pods-halved', ['prod/web'], 'waived')]


def test_a_waiver_of_an_environment_is_one_of_its_releases_only(tmp_path: Path) -> None:
    made = published(tmp_path / 'made', registry(prod=HALVED, test={}))
    made.write({**r.release('prod', 'web', **FEWER), **r.release('test', 'web', **FEWER)})
    found = reviewed(made, *DAY)
    assert rules(found) == [('pods-halved', ['test/web'], ''), ('pods-halved', ['prod/web'], 'waived')]
    assert found['risks'][1]['waiver']['file'] == 'registry/environments/prod.yaml'


def test_of_two_waivers_the_longer_one_counts(tmp_path: Path) -> None:
    longer = {'pods-halved': {'until': '2027-02-01', 'reason': 'the move'}}
    made = published(tmp_path / 'made', registry(HALVED, prod=longer))
    made.write(waived(HALVED, **FEWER))
    assert rules(reviewed(made, *LATER)) == [('pods-halved', ['prod/web'], 'waived')]


def test_an_environment_does_not_inherit_waivers(tmp_path: Path) -> None:
    heir = {'inherits': 'prod', 'cluster': {'name': 'eu', 'server': 'https://eu.example'}, 'namespace': 'eu'}
    eu = {'registry/environments/eu.yaml': r.document('Environment', 'eu', {**heir, 'follow': 'newest'})}
    made = published(tmp_path / 'made', {**registry(prod=HALVED), **eu, **r.release('eu', 'web')})
    made.write(r.release('eu', 'web', **FEWER))
    assert rules(reviewed(made, *DAY)) == [('pods-halved', ['eu/web'], '')]


def test_a_renamed_environment_keeps_its_waivers(tmp_path: Path) -> None:
    made = published(tmp_path / 'made', registry(HALVED, prod=HALVED))
    head = made.head()
    answered(made, 'environment', 'rename', 'prod', 'live')
    assert rules(reviewed(made, head, 'HEAD', *DAY)) == []
    made.write(r.release('live', 'web', waivers=HALVED, **FEWER))
    assert rules(reviewed(made, head, *DAY)) == [('pods-halved', ['live/web'], 'waived')]


def test_waivers_do_not_go_to_another_cluster(tmp_path: Path) -> None:
    made = published(tmp_path / 'made', registry(HALVED, prod=HALVED))
    files = r.following('prod', waivers=HALVED, cluster={'name': 'eu', 'server': 'https://eu.example'})
    made.write({**files, **waived(HALVED, **FEWER)})
    assert ('pods-halved', ['prod/web'], '') in rules(reviewed(made, *DAY))


def test_a_copy_of_an_environment_has_no_waivers(tmp_path: Path) -> None:
    made = published(tmp_path / 'made', registry(HALVED, prod=HALVED))
    for name, more in (('eu', ()), ('us', ('--inherits',))):
        answered(made, 'environment', 'copy', 'prod', name, '--cluster', name, '--server', f'https://{name}.x', *more)
        for file in (f'registry/environments/{name}.yaml', f'registry/releases/{name}/web.yaml'):
            assert 'waivers' not in made.read(file)


def test_a_waiver_changes_no_generated_file(tmp_path: Path) -> None:
    made = published(tmp_path / 'made', registry())
    made.write({**waived(HALVED), **r.following('prod', waivers=HALVED)})
    assert answered(made, 'plan')['changes'] == []


def test_verify_warns_of_waivers_that_accept_nothing(tmp_path: Path) -> None:
    said = {'until': '2026-12-31', 'reason': 'a quiet month'}
    made = published(tmp_path / 'made', registry({'pod-halved': said, 'gate': said}, prod={'restart': said}))
    assert [(each['path'], each['message'], each['hint']) for each in answered(made, 'verify', *LATER)['warnings']] == [
        ('$.spec.waivers.restart.until', 'the waiver ended after 2026-12-31', 'remove it'),
        ('$.spec.waivers.gate', "rule 'gate' cannot be waived", 'remove it, and let somebody agree to each risk'),
        ('$.spec.waivers.pod-halved', "rule 'pod-halved' not found", "did you mean 'pods-halved'?"),
    ]


@pytest.mark.parametrize('lacking', ['until', 'reason'])
def test_a_waiver_says_until_when_and_why(tmp_path: Path, lacking: str) -> None:
    said = {key: value for key, value in HALVED['pods-halved'].items() if key != lacking}
    made = published(tmp_path / 'made', registry())
    made.write(waived({'pods-halved': said}))
    (problem,) = answered(made, 'plan', code=1)['problems']
    assert (problem['path'], lacking in problem['message']) == ('$.spec.waivers.pods-halved', True)


def test_a_risk_of_several_releases_is_accepted_by_all_of_them() -> None:
    rule = Rule('several-production', 'critical', 'several', 'one after the other')
    long, short = (Waiver(rule.id, until, 'why', 'file') for until in ('2027-01-01', '2026-12-12'))
    risk = Risk(rule, Evidence('environments', ''), ('eu/web', 'prod/web'))
    assert not Accepted({'eu/web': {rule.id: long}}).together(risk).is_waived
    both = Accepted({'eu/web': {rule.id: long}, 'prod/web': {rule.id: short}})
    assert both.together(risk).waiver == short
    alone = Risk(rule, Evidence('registry/settings.yaml', ''), ())
    assert not both.together(alone).is_waived
