"""What a request changes by another way than its own pins, and what a reviewer is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import registries as r
from gitops import Checkout, chartloom
from requested import CANARY, LOCK, VERSIONS, WEB, WITHDRAWN, made, pins, place, problems, registry, warnings

from generator.domain.problems import ProblemsFound
from generator.pipeline.run import open_run

SUSPENDED = {'suspended': {'reason': 'a load test', 'by': 'Ada'}}
RENAMED = (
    "registry/releases/prod/web2.yaml::: 'prod/web2' has host name 'web.prod.example', "
    "which 'prod/web' has as published"
)


def renamed(version: str, chart: str, versions: list[r.Document] = VERSIONS, **more: Any) -> r.Files:
    """Another model at the host name of web, and its release."""
    return r.model('web2', versions=versions, route={'hostname': 'web'}) | pins(version, chart, model='web2', **more)


# Versions that were withdrawn.

GAVE_UP = f"{WEB}::$.spec.chart: 'prod/web' gave up 2 on 2026-11-03: leaks data"


def test_a_withdrawn_version_does_not_come_back_because_it_ran_here(tmp_path: Path) -> None:
    back, later = pins('1', '1.0.0', withdrawn=WITHDRAWN), pins('3', '1.2.0', withdrawn=WITHDRAWN)
    checkout = made(tmp_path / 'repository', registry() | pins('2', '1.1.0'), back, later)
    checkout.write(pins('2', '1.1.0'))
    assert problems(checkout) == [GAVE_UP]
    checkout.write(back)  # a return to what was not given up
    assert problems(checkout) == []


@pytest.mark.parametrize('agent', ['argocd', 'flux'])
def test_an_environment_that_takes_the_domain_brings_no_withdrawn_version(tmp_path: Path, agent: str) -> None:
    """It keeps its name and its pins, so it is not behind: it stands where another one was."""
    files = registry(agent=agent, lock=LOCK) | place('dev', 'dev.example', agent=agent)
    checkout = made(tmp_path / 'repository', files | pins('1', '1.0.0', withdrawn=WITHDRAWN))
    checkout.write(place('dev', 'prod.example', agent=agent) | place('prod', 'dev.example', agent=agent, lock=LOCK))
    locked = "registry/environments/prod.yaml::$.spec.lock: '{}' must not move to {}: locked by Ada: an audit"
    assert sorted(problems(checkout)) == sorted(
        [
            locked.format('dev/web', '2 (chart 1.1.0)'),
            locked.format('prod/web', '1 (chart 1.0.0)'),
            GAVE_UP.replace('prod', 'dev', 1),
        ]
    )


def test_a_branch_that_others_left_behind_is_not_blamed_for_an_environment(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry(lock=LOCK))
    checkout.git('switch', '--quiet', 'main')
    checkout.write(place('dev', 'prod.example') | place('prod', 'dev.example', lock=LOCK))
    checkout.git('add', '--all')
    checkout.git('commit', '--quiet', '--message', 'swapped, by whoever may push there')
    checkout.git('switch', '--quiet', 'request')
    checkout.write({'notes.txt': 'x'})
    assert problems(checkout) == []


# Rollouts whose files are removed.


@pytest.fixture
def rolling(tmp_path: Path) -> Checkout:
    """A request while prod/web goes from 1 to 2, at 20 % of the requests."""
    checkout = made(tmp_path / 'repository', registry() | pins('1', '1.0.0', strategy=CANARY))
    checkout.git('switch', '--quiet', 'main')
    for verb, *options in (('start', '--version', '2'), ('advance',)):
        done = chartloom(checkout.folder, 'rollout', verb, 'prod/web', *options)
        assert done.returncode == 0, done.stderr
    checkout.git('branch', '--quiet', '--force', 'request')
    checkout.git('switch', '--quiet', 'request')
    return checkout


GONE = f"{WEB}::: the rollout to 2 at 'step-1' is gone, with its steps, holds and approvals, and has not ended"
LOST = f'{WEB}::: the pods of track canary are removed at once, and they serve 20 % of the requests'
AT_ONCE = f'{WEB}::: 3 (chart 1.2.0) gets all requests at once, although the strategy is canary'


def test_a_rollout_whose_file_is_removed(rolling: Checkout) -> None:
    rolling.remove('registry/rollouts/prod/web.yaml')
    assert warnings(rolling) == [LOST, GONE]
    rolling.write(pins('3', '1.2.0', strategy=CANARY))
    assert warnings(rolling) == [AT_ONCE, LOST, GONE]


def test_a_rollout_that_is_aborted_and_removed_with_another_pin(rolling: Checkout) -> None:
    rolling.git('switch', '--quiet', 'main')
    assert chartloom(rolling.folder, 'rollout', 'abort', 'prod/web').returncode == 0
    rolling.git('switch', '--quiet', '--force-create', 'request')
    assert chartloom(rolling.folder, 'rollout', 'finish', 'prod/web').returncode == 0
    assert warnings(rolling, 'gone') == []
    rolling.write(pins('3', '1.2.0', strategy=CANARY, withdrawn=[{**WITHDRAWN[0], 'version': '2'}]))
    assert AT_ONCE in warnings(rolling)


def test_a_rollout_that_ends_by_a_rollback(rolling: Checkout) -> None:
    done = chartloom(rolling.folder, 'rollback', 'web', '--env', 'prod')
    assert done.returncode == 0, done.stderr
    assert warnings(rolling, 'gone') == []


def test_a_release_that_is_removed_amid_its_rollout(rolling: Checkout) -> None:
    rolling.remove(WEB, 'registry/rollouts/prod/web.yaml')
    assert warnings(rolling, 'gone') == [f"{WEB}::: release 'prod/web' is gone amid its rollout to 2 at 'step-1'"]
    rolling.write(renamed('2', '1.1.0', strategy=CANARY))
    assert warnings(rolling, 'and that') == [f"{RENAMED}, and that has a rollout at 'step-1'"]


def test_another_name_loses_no_rollout(rolling: Checkout) -> None:
    release = rolling.read(WEB)
    rolling.remove('registry/environments/prod.yaml', WEB, 'registry/rollouts/prod/web.yaml')
    live = WEB.replace('prod', 'live')
    rolling.write({**place('live', 'prod.example', 'prod'), live: release.encode()})
    assert GONE.replace('prod', 'live') in warnings(rolling)


# Host names and stops that go elsewhere, beside the gates.


def in_one_cluster(**prod: Any) -> r.Files:
    """Production and an environment that nothing gates, in two namespaces of a cluster."""
    return {
        **r.settings(),
        **r.model(versions=VERSIONS, route={}),
        **place('dev', 'dev.example', 'one', namespace='dev'),
        **place('prod', 'prod.example', 'one', promotesFrom=['dev'], **prod),
        **pins('1', '1.0.0'),
        **pins('1', '1.0.0', 'dev'),
    }


def taken(who: str, host: str, by: str, how: str = 'has as published') -> str:
    message = f"'{who}' has host name '{host}', which '{by}' {how}"
    gates = f"what gates environment '{by.partition('/')[0]}' does not judge what serves it"
    return f'registry/releases/{who}.yaml::: {message}: {gates}'


def test_swapped_domains_are_judged_in_any_namespace(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', in_one_cluster())
    checkout.write(place('dev', 'prod.example', 'one', namespace='dev') | pins('3', '1.2.0', 'dev'))
    checkout.write(place('prod', 'dev.example', 'one', promotesFrom=['dev']))
    (found,) = problems(checkout)
    assert "'dev' takes the place of 'prod', which promotes from 'dev', where no published commit ended with 3" in found


def test_a_host_name_that_goes_to_another_environment(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', in_one_cluster())
    host = 'web.prod.example'
    values = {'route': {'enabled': False}}
    granted = place('dev', 'dev.example', 'one', namespace='dev', hostnames={host: {'model': 'web'}})
    checkout.write(granted | pins('3', '1.2.0', 'dev', values={'route': {'hostnames': [host]}}))
    checkout.write(pins('1', '1.0.0', values=values))
    assert warnings(checkout, 'host name') == [taken('dev/web', host, 'prod/web')]
    checkout.git('checkout', '--quiet', '.')
    new_one = place('tools', 'prod.example', 'two', namespace='tools') | pins('3', '1.2.0', 'tools')
    checkout.write(new_one)
    assert warnings(checkout, 'host name') == [taken('tools/web', host, 'prod/web', 'has, too')]
    checkout.write(pins('1', '1.0.0', values=values))
    assert warnings(checkout, 'host name') == [taken('tools/web', host, 'prod/web')]
    checkout.remove(WEB)
    assert warnings(checkout, 'host name') == [taken('tools/web', host, 'prod/web')]


@pytest.mark.parametrize('cluster', ['one', 'two'])
def test_a_host_name_in_a_wildcard_of_another_release(tmp_path: Path, cluster: str) -> None:
    wide = {'*.shop.example': {'model': 'web'}}
    hosts = pins('1', '1.0.0', values={'route': {'hostnames': ['*.shop.example', 'web.prod.example']}})
    files = in_one_cluster(hostnames=wide) | hosts | place('tools', 'tools.example', cluster, namespace='tools')
    checkout = made(tmp_path / 'repository', files)

    def opens(host: str) -> r.Files:
        granted = place('tools', 'tools.example', cluster, namespace='tools', hostnames={host: {'model': 'web'}})
        return granted | pins('3', '1.2.0', 'tools', values={'route': {'hostnames': [host]}})

    checkout.write(opens('buy.shop.example'))
    told = taken('tools/web', 'buy.shop.example', 'prod/web', 'has')
    assert warnings(checkout, 'host name') == [told.replace(', which', ", one of '*.shop.example', which")]
    checkout.write(opens('*.prod.example'))
    assert warnings(checkout, 'host name') == []  # its own, longer name stays
    checkout.write(pins('1', '1.0.0', values={'route': {'enabled': False}}))
    told = taken('tools/web', '*.prod.example', 'prod/web')
    assert warnings(checkout, 'host name') == [told.replace(', which', ", with 'web.prod.example', which")]


def test_an_environment_whose_domain_is_in_a_wildcard(tmp_path: Path) -> None:
    wide = {'*.prod.example': {'model': 'web'}}
    files = registry(hostnames=wide) | place('dev', 'dev.prod.example')
    wider = pins('1', '1.0.0', values={'route': {'hostnames': ['*.prod.example']}})
    checkout = made(tmp_path / 'repository', files | wider | r.model('api', versions=VERSIONS, route={}))
    checkout.write(pins('1', '1.0.0', 'dev', 'api'))
    assert warnings(checkout, 'host name') == []


def test_regions_have_one_domain(tmp_path: Path) -> None:
    """A model that comes to the second one is no news; one that leaves the first one for it is."""
    regions = place('eu', 'prod.example') | r.model('api', versions=VERSIONS) | pins('1', '1.0.0', 'eu', 'api')
    checkout = made(tmp_path / 'repository', registry() | regions)
    checkout.write(pins('1', '1.0.0', 'eu'))
    assert warnings(checkout, 'host name') == []
    checkout.remove(WEB)
    assert warnings(checkout, 'host name') == [taken('eu/web', 'web.prod.example', 'prod/web')]


def test_an_environment_that_takes_up_the_domain_of_a_gated_one(tmp_path: Path) -> None:
    """What it runs has no host name there yet."""
    checkout = made(tmp_path / 'repository', in_one_cluster() | r.model('api', versions=VERSIONS))
    checkout.write(place('tools', 'prod.example') | pins('1', '1.0.0', 'tools', 'api'))
    gates = "what gates environment 'prod' does not judge what serves it here"
    message = f"'tools' has domain 'prod.example', which 'prod' has, too: {gates}"
    assert warnings(checkout, 'domain') == [f'registry/environments/tools.yaml::$.spec.domain: {message}']
    checkout.write(place('tools', 'prod.example', promotesFrom=['prod']))
    assert warnings(checkout, 'domain') == []


def test_a_host_name_of_a_locked_release(tmp_path: Path) -> None:
    """Lawful, as `chartloom host move` does it, but a lock says that somebody is to be asked."""
    other = r.model('web2', versions=VERSIONS[:1], route={'hostname': 'web'}) | pins('1', '1.0.0', model='web2')
    for lock in ({'lock': LOCK}, {}):
        checkout = made(tmp_path / str(len(lock)), in_one_cluster() | pins('1', '1.0.0', **lock))
        checkout.write(other | pins('1', '1.0.0', values={'route': {'enabled': False}}, **lock))
        message = "'prod/web2' has host name 'web.prod.example', which 'prod/web' has as published"
        locked = f'registry/releases/prod/web2.yaml::: {message}, and that is locked by Ada: an audit'
        assert warnings(checkout, 'host name') == ([locked] if lock else [])


def test_a_model_that_is_renamed_by_hand_keeps_what_was_said_of_its_release(tmp_path: Path) -> None:
    """Another model, so nothing takes its place, but its host name does."""
    stopped = pins('1', '1.0.0', withdrawn=WITHDRAWN, **SUSPENDED)
    checkout = made(tmp_path / 'repository', registry() | stopped)
    checkout.remove('registry/models/web.yaml', WEB, 'registry/releases/dev/web.yaml')
    checkout.write(renamed('2', '1.1.0'))
    assert warnings(checkout, 'and that') == [
        f'{RENAMED}, and that gave up 2',
        f'{RENAMED}, and that is suspended by Ada (a load test)',
    ]
    checkout.write(renamed('1', '1.0.0', withdrawn=WITHDRAWN, **SUSPENDED))
    assert warnings(checkout, 'and that') == []
    checkout.write(renamed('1', '1.0.0', VERSIONS[:1], **SUSPENDED))  # versions of its own
    assert warnings(checkout, 'and that') == []


def test_a_model_that_is_renamed_by_hand_leaves_out_no_steps(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry() | pins('1', '1.0.0', strategy=CANARY))
    checkout.remove('registry/models/web.yaml', WEB, 'registry/releases/dev/web.yaml')
    checkout.write(renamed('2', '1.1.0', strategy=CANARY))
    told = f'{RENAMED}, and that moves by strategy canary: this gets all requests at once'
    assert warnings(checkout, 'and that') == [told]


def test_a_locked_release_that_is_removed(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry() | pins('1', '1.0.0', lock=LOCK))
    checkout.remove('registry/releases/dev/web.yaml', WEB)
    assert warnings(checkout, 'gone') == [f"{WEB}::: release 'prod/web' is gone, which is locked by Ada: an audit"]


def test_another_name_hides_no_locked_release_that_is_removed(tmp_path: Path) -> None:
    files = registry() | r.model('api', versions=VERSIONS) | pins('1', '1.0.0', model='api')
    checkout = made(tmp_path / 'repository', files | pins('1', '1.0.0', lock=LOCK))
    checkout.remove('registry/environments/prod.yaml', WEB, WEB.replace('web', 'api'))
    live = place('live', 'prod.example', 'prod') | pins('1', '1.0.0', 'live', 'api')
    checkout.write(live)
    gone = f"{WEB}::: release 'prod/web' is gone, which is locked by Ada: an audit"
    assert warnings(checkout, 'gone') == [gone]
    checkout.write(pins('1', '1.0.0', 'live', lock=LOCK))
    assert warnings(checkout, 'gone') == []


def test_another_name_hides_no_rollout_of_a_release_that_is_removed(rolling: Checkout) -> None:
    rolling.remove('registry/environments/prod.yaml', WEB, 'registry/rollouts/prod/web.yaml')
    rolling.write(place('live', 'prod.example', 'prod'))
    assert warnings(rolling, 'gone') == [f"{WEB}::: release 'prod/web' is gone amid its rollout to 2 at 'step-1'"]


def test_another_name_keeps_locks_and_what_was_withdrawn(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry(lock=LOCK) | pins('1', '1.0.0', withdrawn=WITHDRAWN, lock=LOCK))
    checkout.remove('registry/environments/prod.yaml', WEB)
    checkout.write(place('live', 'prod.example', 'prod') | pins('1', '1.0.0', 'live'))
    file, lacks = 'registry/releases/live/web.yaml::$.spec: ', 'lacks its lock: that is locked by Ada: an audit'
    assert warnings(checkout, 'lacks') == [
        f"registry/environments/live.yaml::$.spec: takes the place of 'prod', and {lacks}",
        f"{file}takes the place of 'prod/web', and {lacks}",
        f"{file}takes the place of 'prod/web', and lacks what was withdrawn there: 2",
    ]
    kept = pins('1', '1.0.0', 'live', withdrawn=WITHDRAWN, lock=LOCK)
    checkout.write(place('live', 'prod.example', 'prod', lock=LOCK) | kept)
    assert warnings(checkout, 'lacks') == []


def test_another_name_is_suspended_too(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry() | pins('1', '1.0.0', **SUSPENDED))
    checkout.remove('registry/environments/prod.yaml', WEB)
    checkout.write(place('live', 'prod.example', 'prod') | pins('1', '1.0.0', 'live'))
    message = "takes the place of 'prod/web', and is not suspended: that is suspended by Ada (a load test)"
    told = [f'registry/releases/live/web.yaml::$.spec: {message}']
    assert warnings(checkout, 'place') == told
    checkout.write(pins('1', '1.0.0', 'live', **SUSPENDED))
    assert warnings(checkout, 'place') == []


@pytest.mark.parametrize('what', ['domains', 'one domain', 'namespaces'])
def test_environments_that_change_places_keep_locks_and_what_was_withdrawn(tmp_path: Path, what: str) -> None:
    def at(name: str, domain: str, namespace: str, **more: Any) -> r.Files:
        return place(name, domain, 'one', namespace=namespace, **more)

    files = registry() | at('dev', 'dev.example', 'dev') | pins('1', '1.0.0', withdrawn=WITHDRAWN, lock=LOCK)
    checkout = made(tmp_path / 'repository', files | at('prod', 'prod.example', 'ml', lock=LOCK))
    if what == 'namespaces':
        checkout.write(at('dev', 'dev.example', 'ml') | at('prod', 'prod.example', 'dev', lock=LOCK))
    else:
        left = 'dev.example' if what == 'domains' else 'old.example'
        checkout.write(at('dev', 'prod.example', 'dev') | at('prod', left, 'ml', lock=LOCK))
    file, lacks = 'registry/releases/dev/web.yaml::$.spec: ', 'lacks its lock: that is locked by Ada: an audit'
    assert warnings(checkout, 'lacks') == [
        f"registry/environments/dev.yaml::$.spec: takes the place of 'prod', and {lacks}",
        f"{file}takes the place of 'prod/web', and {lacks}",
        f"{file}takes the place of 'prod/web', and lacks what was withdrawn there: 2",
    ]


def test_environments_that_others_swapped_lack_nothing(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry(lock=LOCK))
    checkout.git('switch', '--quiet', 'main')
    checkout.write(place('dev', 'prod.example') | place('prod', 'dev.example', lock=LOCK))
    checkout.git('commit', '--quiet', '--all', '--message', 'swapped')
    checkout.git('switch', '--quiet', 'request')
    checkout.write({'notes.txt': 'x'})
    assert warnings(checkout, 'lacks') == []


def with_members(**prod: Any) -> r.Files:
    """An application in production, whose release web is locked."""
    members = {'applications': ['shop'], 'versions': VERSIONS}
    models = r.model(**members) | r.model('api', **members)
    routes = {'a': {'model': 'web', 'path': '/'}, 'b': {'model': 'api', 'path': '/api'}}
    files = registry(promotesFrom=['dev'], **prod) | models | r.application('shop', ['web', 'api'], routes=routes)
    dev = pins('1', '1.0.0', 'dev') | pins('1', '1.0.0', 'dev', 'api')
    return files | dev | pins('1', '1.0.0', lock=LOCK) | pins('1', '1.0.0', model='api')


def test_members_had_the_host_name_of_their_application_by_another_name(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', with_members())
    checkout.remove('registry/environments/prod.yaml', WEB, WEB.replace('web', 'api'))
    checkout.write(place('live', 'prod.example', 'prod', promotesFrom=['dev']) | pins('1', '1.0.0', 'live', 'api'))
    checkout.write(pins('1', '1.0.0', 'live', lock=LOCK))
    assert warnings(checkout) == []


def test_a_region_is_judged_by_the_gates_of_the_other_one(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', with_members())
    releases = pins('1', '1.0.0', 'eu') | pins('1', '1.0.0', 'eu', 'api')
    for gates in ({'promotesFrom': ['dev']}, {'promotesFrom': ['prod']}):
        checkout.write(place('eu', 'prod.example', **gates) | releases)
        assert warnings(checkout, 'host name') == []
    checkout.write(place('eu', 'prod.example'))
    assert warnings(checkout, 'host name') == [
        taken(f'eu/{model}', 'shop.prod.example', f'prod/{model}', 'has, too') for model in ('api', 'web')
    ]


def test_members_of_a_locked_application(tmp_path: Path) -> None:
    members = {'applications': ['shop', 'shop2'], 'versions': VERSIONS}
    models = r.model(route={}, **members) | r.model('api', **members)
    checkout = made(tmp_path / 'repository', registry() | models | r.application('shop', ['web', 'api'], lock=LOCK))
    left = "'web' leaves application 'shop', which is locked by Ada: an audit"
    shop = 'registry/applications/shop.yaml::'
    checkout.write(r.application('shop', ['api'], lock=LOCK))
    assert warnings(checkout, 'leave') == [f'{shop}$.spec.members: {left}']
    checkout.remove('registry/applications/shop.yaml')
    checkout.write(r.application('shop2', ['web', 'api']))
    both = left.replace("'web' leaves", "'web', 'api' leave")
    assert warnings(checkout, 'leave') == [f'{shop}: {both}']
    checkout.write(r.application('shop2', ['web', 'api'], lock=LOCK))
    assert warnings(checkout, 'leave') == []


# Where a promotion comes from.


def test_another_order_of_environments(tmp_path: Path) -> None:
    files = registry(promotesFrom=['dev', 'test']) | place('test', 'test.example')
    checkout = made(tmp_path / 'repository', files)
    checkout.write(place('prod', 'prod.example', promotesFrom=['test', 'dev']))
    message = (
        "'prod' promotes from 'test', 'dev', in another order than 'dev', 'test': the first that has a model counts"
    )
    file = 'registry/environments/prod.yaml::$.spec.promotesFrom: '
    assert warnings(checkout, 'promotes from') == [file + message]


@pytest.mark.parametrize('domain', ['test.example', ''])
def test_what_takes_but_the_domain_is_no_other_name(tmp_path: Path, domain: str) -> None:
    def at(name: str, cluster: str) -> r.Files:
        files = place(name, domain, cluster)
        return (
            files if domain else r.environment(name, cluster={'name': cluster, 'server': f'https://{cluster}.example'})
        )

    files = registry(promotesFrom=['test']) | at('test', 'test')
    checkout = made(tmp_path / 'repository', files)
    file = 'registry/environments/prod.yaml::$.spec.promotesFrom: '
    lost = f"{file}'prod' no longer promotes from 'test': later versions need not run there"
    checkout.remove('registry/environments/test.yaml')
    checkout.write(at('qa', 'elsewhere') | place('prod', 'prod.example', promotesFrom=['qa']))
    assert warnings(checkout, 'promotes from') == [lost]
    checkout.write(at('qa', 'test'))
    found = warnings(checkout, 'promotes from')
    assert found == ([] if domain else [lost])


# Suspended releases: no agent deploys what is published.


def test_what_moved_while_it_was_suspended_moves_when_it_resumes(tmp_path: Path) -> None:
    moved = pins('3', '1.2.0', lock=LOCK, **SUSPENDED)
    checkout = made(tmp_path / 'repository', registry(), pins('1', '1.0.0', **SUSPENDED), moved)
    checkout.write(pins('3', '1.2.0', lock=LOCK))
    locked = f"{WEB}::$.spec.lock: 'prod/web' must not move to 3 (chart 1.2.0): locked by Ada: an audit"
    assert problems(checkout) == [locked]
    checkout.write(pins('1', '1.0.0', lock=LOCK))  # what runs there
    assert problems(checkout) == []


def test_time_in_which_it_was_suspended_is_no_soak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soak = place('prod', 'prod.example', promotesFrom=['dev'], promotion={'soak': '24h'})
    checkout = made(tmp_path / 'repository', registry() | soak | pins('1', '1.0.0', 'dev'))
    checkout.git('switch', '--quiet', 'main')
    for day, spec in ((3, SUSPENDED), (20, {})):
        monkeypatch.setenv('GIT_COMMITTER_DATE', f'2026-01-{day:02}T00:00:00Z')
        checkout.write(pins('2', '1.1.0', 'dev', **spec))
        assert checkout.commit().commit
    checkout.git('switch', '--quiet', '--force-create', 'request')
    checkout.write(pins('2', '1.1.0'))
    for hours, known in ((1, 1), (25, 0)):
        run = open_run(checkout.repository(), base='main', at=1768867200 + hours * 3600)
        found = [each.message for each in run.judged.problems(frozenset())]
        ran = "'prod' promotes from 'dev', where 2 (chart 1.1.0) has run for 1h, and must for 24h (promotion.soak)"
        assert found == [ran] * known


# Whom and what a request would trust instead.


def test_settings_that_ask_fewer_people(tmp_path: Path) -> None:
    key = 'ssh-ed25519 AAAA'
    owners = {'*': ['@ml'], '/registry/releases/prod/': ['@oncall']}
    signing = {'signers': {'ada@shop.example': [key]}}
    checkout = made(tmp_path / 'repository', registry() | r.settings(owners=owners, signing=signing))

    def told(**settings: Any) -> list[str]:
        checkout.write(r.settings(**settings))
        return [each.removeprefix('registry/settings.yaml::$.spec.') for each in warnings(checkout)]

    mine = {'owners': owners, 'signing': signing}
    assert told(**mine) == []
    other = {**signing, 'signers': {**signing['signers'], 'eve@evil.example': [key]}}
    assert told(**{**mine, 'signing': other}) == ["signing.signers: 'eve@evil.example' may sign now"]
    assert told(owners=owners) == ["signing.signers: 'ada@shop.example' may not sign any more"]
    gone = "owners: '/registry/releases/prod/' have no owners of their own any more"
    assert told(**{**mine, 'owners': {'*': ['@ml']}}) == [gone]
    others = {**owners, '/registry/releases/prod/': ['@eve']}
    assert told(**{**mine, 'owners': others}) == ["owners: owners of '/registry/releases/prod/': @oncall → @eve"]
    turned = dict(reversed(owners.items()))
    order = 'owners: owners are in another order, and the last path that matches counts'
    assert told(**{**mine, 'owners': turned}) == [order]
    more = {**owners, '/delivery/prod/web.yaml': ['@eve'], '/registry/releases/new/': ['@new']}
    own = "owners: '/delivery/prod/web.yaml' has owners of its own now: @eve"
    assert told(**{**mine, 'owners': more}) == [own]
    many = {**owners, **{f'/team{number}/': ['@new'] for number in range(25)}}
    assert told(**{**mine, 'owners': many}) == [
        "owners: 25 paths have owners of their own now: '/team0/', '/team1/', '/team2/' and 22 more"
    ]
    domains = ['sidecar.istio.io']
    may = "annotationDomains: models and releases may write annotations of 'sidecar.istio.io' now"
    assert told(**mine, annotationDomains=domains) == [may]


def test_another_name_has_the_same_owners(tmp_path: Path) -> None:
    owners = {'/registry/releases/prod/': ['@oncall'], '/registry/environments/prod.yaml': ['@oncall']}
    checkout = made(tmp_path / 'repository', registry() | r.settings(owners=owners))
    checkout.remove('registry/environments/prod.yaml', WEB)
    checkout.write(place('live', 'prod.example', 'prod') | pins('1', '1.0.0', 'live'))
    text = "'{}' has owners, and '{}' of 'live', which takes the place of 'prod', has none"
    assert warnings(checkout, 'has owners') == [
        f'registry/settings.yaml::$.spec.owners: {text.format(each, each.replace("prod", "live"))}'
        for each in sorted(owners)
    ]


def test_an_environment_that_makes_its_own_room(tmp_path: Path) -> None:
    """What a request needs is judged by what it says itself, so somebody has to look at the number."""
    published, more = ({'capacity': {'accelerators': {'nvidia.com/gpu': count}}} for count in (8, 80))
    checkout = made(tmp_path / 'repository', registry(**published))
    checkout.write(place('prod', 'prod.example', **more))
    text = "'prod' says that there are more accelerators: nvidia.com/gpu: 8 → {}"
    file = 'registry/environments/prod.yaml::$.spec'
    assert warnings(checkout, 'accelerators') == [f'{file}.capacity.accelerators: {text.format(80)}']
    checkout.write(place('prod', 'prod.example'))
    assert warnings(checkout, 'accelerators') == [f'{file}: {text.format("not counted")}']
    less = {'capacity': {'accelerators': {'nvidia.com/gpu': 4}}}
    checkout.write(place('prod', 'prod.example', **less))
    assert warnings(checkout, 'accelerators') == []


def test_an_environment_that_asks_other_services(tmp_path: Path) -> None:
    services = {
        'gate': 'http://gate.ops/check',
        'monitoring': {'namespace': 'mon', 'podMonitor': True, 'prometheus': 'http://p.mon:9090'},
        'artifactStores': {'s3': {'secret': 'models', 'cidr': '10.0.0.0/8'}},
    }
    checkout = made(tmp_path / 'repository', registry(**services))
    file = 'registry/environments/prod.yaml::$.spec.'
    services['gate'] = 'http://yes.ml/ok'
    services['monitoring'] = {'namespace': 'mon', 'podMonitor': True, 'prometheus': 'http://evil.ml:9090'}
    services['artifactStores'] = {'s3': {'secret': 'models', 'cidr': '10.0.0.0/8', 'endpoint': 'https://evil.example'}}
    checkout.write(place('prod', 'prod.example', **services))
    asks = "'prod' asks another service: "
    assert warnings(checkout, asks) == [
        f'{file}artifactStores.s3.endpoint: {asks}artifactStores.s3.endpoint: nothing → https://evil.example',
        f'{file}gate: {asks}gate: http://gate.ops/check → http://yes.ml/ok',
        f'{file}monitoring.prometheus: {asks}monitoring.prometheus: http://p.mon:9090 → http://evil.ml:9090',
    ]


def test_an_environment_whose_images_come_from_elsewhere(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry(requireDigest=True))
    mirrors = {'registry.example': 'evil.example/mirror'}
    checkout.write(place('prod', 'prod.example', registryMirrors=mirrors))
    text = "registry/environments/prod.yaml::$.spec{}: 'prod' lets images come from elsewhere: {}"
    assert warnings(checkout, 'images') == [
        text.format('', 'requireDigest: true → nothing'),
        text.format('.registryMirrors', 'registryMirrors: nothing → registry.example from evil.example/mirror'),
    ]


def test_swapped_environments_that_others_promote_from(tmp_path: Path) -> None:
    files = registry(promotesFrom=['test']) | place('test', 'test.example') | pins('1', '1.0.0', 'test')
    checkout = made(tmp_path / 'repository', files)
    checkout.write(place('test', 'dev.example', 'dev') | place('dev', 'test.example', 'test'))
    message = "takes the place of 'dev', and 'prod' promotes from it by what its name ran elsewhere"
    assert warnings(checkout, 'takes the place') == [f'registry/environments/test.yaml::$.spec.cluster: {message}']


def test_flux_runs_where_it_is_whatever_its_file_says(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry(agent='flux', production=True))
    checkout.write(place('prod', 'prod.example', 'uno', agent='flux'))
    message = "'prod' names another cluster: prod https://prod.example:6443 → uno https://uno.example:6443"
    file = 'registry/environments/prod.yaml::$.spec'
    assert warnings(checkout, "'prod'") == [
        f"{file}: 'prod' is not for production any more: versions may move there with those of others",
        f'{file}.cluster: {message}: its Flux deploys where it runs, whatever this says',
    ]


def test_a_new_environment_without_the_gate_of_the_one_that_it_inherits(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', registry(promotesFrom=['dev']))
    us = {'inherits': 'prod', 'cluster': {'name': 'us', 'server': 'https://us.example'}, 'namespace': 'ml'}
    file = 'registry/environments/us.yaml'
    checkout.write({file: r.document('Environment', 'us', {**us, 'domain': 'us.example'})})
    assert warnings(checkout, 'inherits') == [
        f"{file}::$.spec: 'us' inherits 'prod', but not promotesFrom: any version may run there"
    ]


def test_an_application_that_asks_for_less(tmp_path: Path) -> None:
    issuer = {'issuer': 'https://id.example/r', 'jwksUri': 'https://id.example/r/certs', 'audiences': ['ml']}
    gateway = {'gateway': r.ENVOY['gateway'], 'identity': issuer}
    files = registry(**gateway) | place('dev', 'dev.example', **gateway)
    shop = {'members': ['web'], 'routes': {'a': {'model': 'web', 'path': '/'}}}
    files |= r.model(versions=VERSIONS, applications=['shop', 'shop2'])
    checkout = made(tmp_path / 'repository', files | r.application('shop', **shop, auth='jwt'))
    text = "'dev/web', 'prod/web' asked for jwt as published, and their routes ask for none"
    checkout.write(r.application('shop', **shop, auth='none'))
    assert warnings(checkout, 'ask for') == [f'registry/applications/shop.yaml::$.spec: {text}']
    checkout.remove('registry/applications/shop.yaml')
    checkout.write(r.application('shop2', **shop, hostname='shop'))
    assert warnings(checkout, 'ask for') == [f'registry/applications/shop2.yaml::$.spec: {text}']


JWT = {'issuer': 'https://id.example/r', 'jwksUri': 'https://id.example/r/certs', 'audiences': ['ml']}
ROUTE = {'a': {'model': 'web', 'path': '/'}}
OWN = r.model(versions=VERSIONS, route={'auth': 'jwt'}, applications=['shop'])
SHARED = r.model(versions=VERSIONS, applications=['shop', 'other'])


@pytest.mark.parametrize(
    ('before', 'after', 'names'),
    [
        # The model's own route goes, and an application opens the same host without a login.
        (OWN, r.model(versions=VERSIONS, applications=['shop'])
         | r.application('shop', members=['web'], hostname='web', routes=ROUTE), ['dev/web', 'prod/web']),
        # The member goes to another application.
        (SHARED | r.application('shop', members=['web'], routes=ROUTE, auth='jwt'),
         r.application('shop', members=['api'], routes={'a': {'model': 'api', 'path': '/'}}, auth='jwt')
         | r.application('other', members=['web'], routes=ROUTE), ['dev/web', 'prod/web']),
        # The application gets another name and another host.
        (SHARED | r.application('shop', members=['web'], routes=ROUTE, auth='jwt'),
         r.application('other', members=['web'], routes=ROUTE) | {'registry/applications/shop.yaml': None},
         ['dev/web', 'prod/web']),
    ],
)  # fmt: skip
def test_a_release_whose_route_asks_for_less(
    tmp_path: Path, before: r.Files, after: dict[str, bytes | None], names: list[str]
) -> None:
    gateway = {'gateway': r.ENVOY['gateway'], 'identity': JWT}
    files = registry(**gateway) | place('dev', 'dev.example', **gateway) | r.model('api', applications=['shop'])
    checkout = made(tmp_path / 'repository', files | before)
    checkout.write({path: data for path, data in after.items() if data is not None})
    checkout.remove(*(path for path, data in after.items() if data is None))
    routes = 'their routes ask' if len(names) > 1 else 'its route asks'
    text = f'{", ".join(map(repr, names))} asked for jwt as published, and {routes} for none'
    assert [each.partition(': ')[2] for each in warnings(checkout, 'asked for jwt')] == [text]


def test_a_host_name_that_another_release_opens_without_a_login(tmp_path: Path) -> None:
    gateway = {'gateway': r.ENVOY['gateway'], 'identity': JWT}
    files = registry(**gateway) | place('dev', 'dev.example', **gateway) | OWN
    checkout = made(tmp_path / 'repository', files)
    checkout.remove('registry/models/web.yaml', WEB, 'registry/releases/dev/web.yaml')
    checkout.write(r.model('copy', versions=VERSIONS, route={'hostname': 'web'}) | pins('1', '1.0.0', model='copy'))
    text = "host name 'web.prod.example' asked for jwt as published, and the route of 'prod/copy' asks for none"
    assert warnings(checkout, 'asked for') == [f'registry/models/copy.yaml::$.spec: {text}']


def test_a_member_that_leaves_its_application_and_opens_a_route(tmp_path: Path) -> None:
    """While it is a member, this is refused."""
    gateway = {'gateway': r.ENVOY['gateway'], 'identity': JWT}
    files = registry(**gateway) | place('dev', 'dev.example', **gateway) | pins('1', '1.0.0', model='api')
    files |= r.model(versions=VERSIONS, applications=['shop', 'leak'])
    files |= r.model('api', versions=VERSIONS, applications=['shop'])
    route = {'a': {'model': 'api', 'path': '/'}}
    shop = r.application('shop', members=['api', 'web'], routes=route, auth='jwt')
    checkout = made(tmp_path / 'repository', files | shop)
    checkout.write(r.application('shop', members=['api'], routes=route, auth='jwt'))
    checkout.write(r.application('leak', members=['web'], routes=ROUTE))
    text = "application 'shop' asked for jwt as published, and the route of 'dev/web', 'prod/web' asks for none"
    assert warnings(checkout, 'asked for') == [f'registry/applications/leak.yaml::$.spec: {text}']


@pytest.mark.parametrize(
    ('before', 'after', 'told'),
    [
        ({}, {'ingress': {'cidrs': ['0.0.0.0/0']}}, 'ingress.cidrs: nothing → 0.0.0.0/0'),
        ({'ingress': {'namespaces': ['a', 'b']}}, {'ingress': {'namespaces': ['a']}}, ''),
        ({}, {'values': {'networkPolicy': {'enabled': False}}}, 'values.networkPolicy.enabled: nothing → False'),
        ({}, {'gateway': {'name': 'other', 'namespace': 'ml'}}, 'gateway.name: public → other'),
        ({'monitoring': {'namespace': 'mon'}}, {'monitoring': {'namespace': 'x'}}, 'monitoring.namespace: mon → x'),
    ],
)  # fmt: skip
def test_an_environment_that_lets_others_in(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], told: str
) -> None:
    checkout = made(tmp_path / 'repository', registry(**before))
    checkout.write(place('prod', 'prod.example', **after))
    found = [each.partition('in or out: ')[2] for each in warnings(checkout, 'in or out')]
    assert found[: 1 if told else None] == ([told] if told else [])


def test_the_chart_of_another_pin_asks_for_less(tmp_path: Path) -> None:
    gateway = {'gateway': r.ENVOY['gateway'], 'identity': JWT}
    checkout = made(tmp_path / 'repository', registry(**gateway) | place('dev', 'dev.example', **gateway) | OWN)
    checkout.write(r.model(versions=VERSIONS, route={}))
    newest = open_run(checkout.repository(), base='main').charts['web'].ledger[-1]
    assert warnings(checkout, 'asked for') == []
    checkout.write(pins(newest.model_version, newest.version))
    text = "'prod/web' asked for jwt as published, and its route asks for none"
    assert warnings(checkout, 'asked for') == [f'registry/models/web.yaml::$.spec: {text}']


# Clusters that files name in several forms.

FLUX_HINT = 'its Flux runs in the cluster that is published: name another one in a request of its own'


def refused(checkout: Checkout) -> list[str]:
    with pytest.raises(ProblemsFound) as found:
        _ = open_run(checkout.repository(), base='main').releases
    return [f'{each.file}::{each.path}: {each.message} | {each.hint}' for each in found.value.problems]


def shared_cluster(agent: str, prod: r.Document, tools: r.Document, **more: Any) -> r.Files:
    return {
        **r.settings(),
        **r.model(versions=VERSIONS, route={}),
        **r.model('evil', versions=VERSIONS),
        **place('prod', 'prod.example', agent=agent, cluster=prod),
        **place('tools', **{'domain': 'tools.example', 'namespace': 'tools', **more}, agent=agent, cluster=tools),
        **pins('1', '1.0.0'),
        **pins('1', '1.0.0', 'tools', 'evil'),
    }


ONE = {'name': 'one', 'server': 'https://one.example:6443'}


@pytest.mark.parametrize(
    ('agent', 'before', 'after', 'hint'),
    [
        ('flux', {'name': 'one'}, {'name': 'uno'}, f'; {FLUX_HINT}'),
        ('flux', ONE, {'name': 'one'}, ''),
        ('argocd', ONE, {'name': 'one', 'server': 'https://kubernetes.default.svc'}, ''),
    ],
)
def test_a_host_name_in_a_cluster_of_another_name(
    tmp_path: Path, agent: str, before: r.Document, after: r.Document, hint: str
) -> None:
    checkout = made(tmp_path / 'repository', shared_cluster(agent, before, before))
    checkout.write(shared_cluster(agent, before, after, domain='prod.example'))
    evil = r.model('evil', versions=[*VERSIONS, r.version('4')], route={'hostname': 'web'})
    checkout.write(evil | pins('4', '1.3.0', 'tools', 'evil'))
    (found,) = refused(checkout)
    owner = "host name 'web.prod.example' belongs to model 'web' (release 'prod/web' has it)"
    choose = 'choose another host name, or let one application route to both models'
    assert found == f'registry/models/evil.yaml::$.spec.route.hostname: {owner} | {choose}{hint}'


def test_a_namespace_in_a_cluster_of_another_name(tmp_path: Path) -> None:
    checkout = made(tmp_path / 'repository', shared_cluster('flux', {'name': 'one'}, {'name': 'one'}))
    checkout.write(shared_cluster('flux', {'name': 'one'}, {'name': 'uno'}, namespace='ml'))
    (found,) = refused(checkout)
    same = "environment 'prod' has the same cluster and namespace 'ml' | give each environment its own namespace"
    assert found == f'registry/environments/tools.yaml::$.spec.namespace: {same}; {FLUX_HINT}'
    checkout.write(shared_cluster('flux', {'name': 'one'}, {'name': 'uno'}))
    assert problems(checkout) == []
