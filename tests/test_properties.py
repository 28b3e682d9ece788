"""Properties of any registry: merges equal those of helm, order has no effect, bytes repeat, one release per commit."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import registries as r
import yaml
from gitops import write_files
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from parts import ROOT, git
from starter import files_of

from generator.documents.write import dump_yaml
from generator.domain.generated import ResolvedRelease
from generator.domain.problems import ProblemsFound
from generator.pipeline.run import Run
from generator.plan.plan import Plan
from generator.plan.summary import summarize
from generator.tools.helm.binary import Helm, HelmRelease, template
from generator.values.merge import difference, merge

Values = dict[str, Any]

# --- merge laws ------------------------------------------------------------------------------------------------------

keys = st.sampled_from(['a', 'b', 'c', 'env', 'x.y', 'ü', '']) | st.text('ab1-', min_size=1, max_size=3)
scalars = st.booleans() | st.integers(-(2**31), 2**53) | st.sampled_from([0.5, '', 'a', '1', 'true', 'line\nline\n'])
trees = st.recursive(
    scalars,
    lambda inner: st.lists(scalars, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)
maps = st.dictionaries(keys, trees, max_size=6)
lawful = hypothesis(max_examples=80, deadline=None, derandomize=True, database=None)


def exactly(value: Any) -> str:
    """A value with its types: 1, 1.0 and True are equal in Python and nowhere else."""
    return json.dumps(value, sort_keys=True)


@lawful
@given(maps, maps)
def test_a_difference_leads_back(base: Values, over: Values) -> None:
    merged = merge(base, over)
    found = difference(base, merged)
    assert exactly(merge(base, found)) == exactly(merged)
    assert exactly(difference(base, base)) == '{}'
    # No more than is needed: without any one leaf it would no longer lead there.
    assert sum(1 for _ in leaves(found)) <= sum(1 for _ in leaves(over))
    assert exactly(difference(base, merge(base, found))) == exactly(found)


@lawful
@given(maps, maps)
def test_merging_twice_is_merging_once(base: Values, over: Values) -> None:
    merged = merge(base, over)
    assert exactly(merge(merged, over)) == exactly(merged)
    assert exactly(merge(base, {})) == exactly(merge({}, base)) == exactly(base)


@lawful
@given(maps, maps)
def test_inputs_are_never_changed(base: Values, over: Values) -> None:
    before = copy.deepcopy((base, over))
    merged = merge(base, over)
    difference(base, merged)
    merged['another'] = 1
    assert exactly((base, over)) == exactly(before)


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict) and value:
        for item in value.values():
            yield from leaves(item)
    else:
        yield value


def test_merging_is_helms_own(helm: Path, tmp_path: Path) -> None:
    """Hundreds of random maps, kinds that change included: a chart's values below two files of values.

    Helm merges the files first. That makes a difference only where a kind changes twice, which a registry may not do.
    """
    chart = tmp_path / 'chart'
    (chart / 'templates').mkdir(parents=True)
    (chart / 'Chart.yaml').write_text('apiVersion: v2\nname: tiny\nversion: 1.0.0\n')
    (chart / 'templates' / 'all.yaml').write_text('all: {{ toJson .Values | b64enc }}\n')
    pick = random.Random(7)
    bases, firsts, seconds = ({f'c{n}': random_map(pick, 3) for n in range(600)} for _ in range(3))
    (chart / 'values.yaml').write_text(dump_yaml(bases))
    for name, values in (('first', firsts), ('second', seconds)):
        (tmp_path / name).write_text(dump_yaml(values))
    command = [helm, 'template', 'r', chart, '--values', tmp_path / 'first', '--values', tmp_path / 'second']
    done = subprocess.run(command, capture_output=True, check=True)
    (encoded,) = re.findall(rb'^all: (.*)', done.stdout, re.MULTILINE)
    theirs = json.loads(base64.b64decode(encoded))
    ours = merge(bases, merge(firsts, seconds))
    assert [key for key in ours if exactly(ours[key]) != exactly(theirs[key])] == []
    assert sum(exactly(ours[key]) not in map(exactly, (bases[key], firsts[key], seconds[key])) for key in ours) > 300


def random_map(pick: random.Random, depth: int) -> Values:
    def value() -> Any:
        kind = pick.random()
        if depth and kind < 0.5:
            return random_map(pick, depth - 1)
        return [pick.randint(0, 9)] if kind < 0.65 else pick.choice([1, 2, 'a', 'b', True, False, 0.5, '', 0])

    return {key: value() for key in pick.sample('abcdef', pick.randint(0, 4))}


# --- order and repetition --------------------------------------------------------------------------------------------

# Where order has a meaning: who must approve, for of the lines of CODEOWNERS the last one counts.
ORDERED = re.compile(r'\.spec\.owners$')


def shuffled(value: Any, pick: random.Random, path: str = '') -> Any:
    if isinstance(value, dict):
        names = list(value)
        if not ORDERED.search(path):
            pick.shuffle(names)
        return {name: shuffled(value[name], pick, f'{path}.{name}') for name in names}
    return [shuffled(item, pick, path) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize('seed', range(3))
def test_the_order_of_keys_and_files_means_nothing(tmp_path: Path, seed: int) -> None:
    pick = random.Random(seed)
    files = r.example()
    straight = r.Repository(tmp_path / 'straight', files).run().files
    names = list(files)
    pick.shuffle(names)
    mixed = {name: r.as_yaml(shuffled(yaml.safe_load(files[name]), pick)) for name in names}
    assert any(mixed[name] != r.as_yaml(yaml.safe_load(files[name])) for name in names)
    other = r.Repository(tmp_path / 'mixed', mixed).run().files
    assert [path for path in straight if straight[path] != other.get(path)] == []
    assert straight.keys() == other.keys()


def test_two_processes_make_the_same_bytes(tmp_path: Path) -> None:
    """Hash seeds differ between processes, and with them the order of every set."""
    repository = r.Repository(tmp_path / 'repository', r.example())
    code = (
        'from pathlib import Path; from generator.pipeline.run import open_run;'
        'from generator.tools.git.opening import open_repository;'
        'from generator.delivery.tree import tree_digest;'
        'print(tree_digest(open_run(open_repository(Path("."))).files))'
    )
    digests = set()
    for seed in ('0', '1', '2026'):
        env = os.environ | {'PYTHONHASHSEED': seed, 'PYTHONPATH': str(ROOT)}
        command = [sys.executable, '-c', code]
        done = subprocess.run(command, cwd=repository.folder, env=env, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1


# --- one commit wakes one release ------------------------------------------------------------------------------------


@dataclass
class Published:
    """The example, published, with what helm renders for each of its releases."""

    repository: r.Repository
    helm: Helm
    known: dict[str, list[Any]]

    def objects(self, run: Run) -> dict[str, list[Any]]:
        """Release by name → where it goes and its objects, made of what was resolved: chart and merged values."""
        tree = self.repository.tree()
        wanted = {release.release.name: key(tree, release) for release in run.releases}
        new = [release for release in run.releases if wanted[release.release.name] not in self.known]
        starter = run.templates.starter.digest
        calls = []
        for release in new:
            environment, chart = release.environment, self.repository.folder / release.chart.folder
            name, namespace = wanted[release.release.name], environment.namespace
            values = {k: v for k, v in release.merged.items() if k != 'global'}
            calls.append(
                HelmRelease(name, namespace, environment.kubernetes, chart, values, starter, release.release.file)
            )
        for rendered in template(self.helm, calls):
            assert rendered.problem is None, rendered.problem
            self.known[rendered.release.name] = list(yaml.load_all(rendered.text, yaml.CSafeLoader))
        goals = {release.release.name: goal(release) for release in run.releases}
        return {name: [*goals[name], *self.known[key]] for name, key in wanted.items()}


def goal(release: ResolvedRelease) -> list[str]:
    """Where the objects go; Flux runs in the cluster itself, so it needs no address."""
    environment = release.environment
    return [environment.namespace, *([environment.spec['cluster']['server']] if environment.agent == 'argocd' else [])]


def key(tree: r.Files, release: ResolvedRelease) -> str:
    """All that rendering depends on, so that nothing is rendered twice."""
    chart = sorted(item for item in tree.items() if item[0].startswith(f'{release.chart.folder}/'))
    what = (release.environment.namespace, release.environment.kubernetes, chart, exactly(release.merged))
    return hashlib.sha256(repr(what).encode()).hexdigest()[:20]


@pytest.fixture(scope='module')
def published(tmp_path_factory: pytest.TempPathFactory, helm4: Path) -> Published:
    repository = r.Repository(tmp_path_factory.mktemp('published') / 'repository', r.example())
    repository.publish()
    return Published(repository, Helm(str(helm4), '4'), {})


Change = tuple[str, str, Callable[[], None]]


def changes(document: Values, pick: random.Random) -> list[Change]:
    """Every small change that can be made to a registry file: what it is, and how to make it."""
    found: list[Change] = []
    for path, parent, key in places(document['spec'], ('spec',)):
        where = '.'.join(map(str, (*path, key)))
        value = parent[key]
        for new in (new for new in other_values(value, pick) if new != value):
            found.append((f'{where}: {value!r} -> {new!r}', where, lambda p=parent, k=key, n=new: p.__setitem__(k, n)))
        if isinstance(parent, dict):
            found.append((f'{where}: removed', where, lambda p=parent, k=key: p.__delitem__(k)))
            if isinstance(value, dict) and path:
                found.append(
                    (
                        f'{where}: copied',
                        where,
                        lambda p=parent, k=key, v=value: p.__setitem__(f'{k}-2', copy.deepcopy(v)),
                    )
                )
        else:
            found.append((f'{where}: repeated', where, lambda p=parent, v=value: p.append(copy.deepcopy(v))))
    return found


def places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any, Any]]:
    for key in range(len(value)) if isinstance(value, list) else list(value):
        yield path, value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key], (*path, key))


def other_values(value: Any, pick: random.Random) -> list[Any]:
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, max(value - 1, 0)]
        case float():
            return [value / 2]
        case str() if re.fullmatch(r'[0-9]+(m|s|Mi|Gi|ms|%)?', value):
            return [re.sub('[0-9]+', lambda digits: str(int(digits[0]) + 1), value)]
        case str() if re.search(r'[0-9a-f]{64}$', value):
            return [value[:-1] + pick.choice([c for c in '0123456789abcdef' if c != value[-1]])]
        case str():
            return [
                value + pick.choice(['x', '-2']),
                re.sub('[0-9]', lambda digit: str((int(digit[0]) + 1) % 10), value, count=1),
            ]
    return []


def touched(plan: Plan) -> set[str]:
    return {change.path for change in plan.changes}


@dataclass
class Seen:
    """What a change did: the releases that render otherwise, the files that changed, and what the plan said."""

    what: str
    file: str
    objects: set[str]
    files: set[str]
    plan: Plan


def observe(published: Published, file: str, what: str, document: Values, before: dict[str, list[Any]]) -> Seen | None:
    """Make the change in the work tree, generate, and look; None where it is refused, with nothing written."""
    repository = published.repository
    old = repository.tree()
    repository.write({file: r.as_yaml(document)})
    try:
        run = repository.run()
        plan = run.plan()
    except ProblemsFound:
        assert changed_files(old, repository.tree()) <= {file}
        return None
    write_files(run.repository, plan.files, plan.removed)
    after = published.objects(run)
    differ = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return Seen(what, file, differ, changed_files(old, repository.tree()) - {file}, plan)


def changed_files(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> set[str]:
    return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}


def chart_of(published: Published, release: str) -> str:
    obj = published.repository.read(f'delivery/{release}.yaml')
    source = obj['spec'].get('source', {}).get('path') or obj['spec']['chart']['spec']['chart']
    return source.removeprefix('./') + '/'


@pytest.mark.slow
@pytest.mark.parametrize('seed', range(5))
def test_one_commit_wakes_one_release(published: Published, seed: int) -> None:
    pick = random.Random(seed)
    repository = published.repository
    run = repository.run()
    before, charts = published.objects(run), {name: chart_of(published, name) for name in run.registry.releases}
    following = {n for n in run.registry.releases if not run.registry.releases[n].chart}
    woken: Counter[str] = Counter()
    files = sorted(r.example())
    while woken.total() < 10:
        file = pick.choice(files)
        document = yaml.safe_load((repository.folder / file).read_bytes())
        if not (possible := changes(document, pick)):
            continue  # a release that says nothing but that it is there
        what, _, make = pick.choice(possible)
        make()
        try:
            seen = observe(published, file, what, document, before)
        finally:
            git(repository.folder, 'checkout', '--quiet', '--', '.')
            git(repository.folder, 'clean', '--quiet', '--force', '-d')
        if seen:
            check_what_was_woken(published, seen, charts)
            check_who_was_woken(seen, following)
            woken[f'{min(len(seen.objects), 2)} releases'] += 1
    # The sample is worth something: changes that wake none, one, and more.
    assert len(woken) >= 2, woken


def check_what_was_woken(published: Published, seen: Seen, charts: Mapping[str, str]) -> None:
    named = set(summarize(seen.plan).releases)
    assert seen.files == touched(seen.plan), seen.what
    for name, chart in charts.items():
        its_files = {path for path in seen.files if path == f'delivery/{name}.yaml' or path.startswith(chart)}
        if name in seen.objects:
            assert its_files, f'{seen.what}: {name} renders otherwise, and its agent would not notice'
        if name not in named:
            assert not its_files, f'{seen.what}: the plan does not name {name}'
        assert not any(path.startswith(chart) for path in seen.files), f'{seen.what}: a published chart changed'


def check_who_was_woken(seen: Seen, following: set[str]) -> None:
    """A change reaches those it is about: a release itself, an environment's releases, the followers of a model."""
    woken = {path[len('delivery/') : -len('.yaml')] for path in seen.files if path.startswith('delivery/')}
    folder, _, name = seen.file.removeprefix('registry/').removesuffix('.yaml').partition('/')
    match folder:
        case 'releases':
            assert woken <= {name}, seen.what
        case 'environments':
            assert all(release.startswith(f'{name}/') for release in woken), seen.what
        case 'models':
            assert woken <= {release for release in following if release.endswith(f'/{name}')}, seen.what
    if not woken:
        assert not seen.objects, seen.what


# --- a user's texts through the whole line ---------------------------------------------------------------------------

HOSTILE = [
    '{{ .Release.Name }}', '{{ fail "x" }}', '{{', '}}', '{{/* */}}', '[[ model ]]', '[[ version ]]', '[[', '{% raw %}',
    '{# x #}', '{% if', '${HOME}', '%s', '`id`', '$(1)', 'yes', 'No', 'null', '~', 'true', '1', '1.10', '017', '0x1F',
    '1e3', '.inf', '12:30', '2026-11-22', '=', '<<', '- a', 'a: b', 'a #b', '# a', '"', "'", '\\', '\\n', '\t',
    'a\nb', 'a\n', '\na', ' a ', '\r\n', '---', '...', '&a', '*a', '!!str a', '|', '>', '%TAG',
    '@a', '', ' ', 'ünïcödé', '中文', '👩🏽', '\ue000version\ue001',
    'x' * 3000, '<b>&amp;</b>', '{"a": [1, 2]}', "{'a'}", 'a\\', 'C:\\n', 'https://a/?b=c&d#e',
]  # fmt: skip
# Helm 3 checks values against a schema by way of YAML and fails at these; helm 4 takes them.
NOT_FOR_HELM_3 = ['\x7f', '\x80', '\x9f']
# Reviewers do not see these, so that nothing takes them.
UNSEEN = ['\x01\x1b', '\x85', '👨\u200d👩', '\u2028', '\u2029', '\u202e', '\ufeff']


@pytest.fixture(scope='module')
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, list[str]], Values]:
    """The Deployment that helm makes of a model and a release that hold these texts wherever a user may write some."""
    made: dict[tuple[Path, int], Values] = {}

    def deploy(helm: Path, texts: list[str]) -> Values:
        if (helm, len(texts)) not in made:
            made[helm, len(texts)] = deployment(helm, texts, tmp_path_factory.mktemp('texts'))
        return made[helm, len(texts)]

    return deploy


def deployment(helm: Path, texts: list[str], folder: Path) -> Values:
    half = len(texts) // 2
    entries = {f'T{number}': {'value': text} for number, text in enumerate(texts)}
    model = r.model(
        env=entries,
        args=texts,
        parameters={f'p{number}': text for number, text in enumerate(texts)},
        files={
            f'f{number}': {'content': text, 'mountPath': f'/etc/f{number}'} for number, text in enumerate(texts) if text
        },
        description=f'Answers [[ model ]] {{{{ fail "x" }}}} {" ".join(texts[:half])}',
        versions=[r.version(notes='{{ x }} [[ y ]] {% z %} | `a` <!-- b -->', metrics={'{{ a }} | b': '[[ c ]]'})],
    )
    overlay = {'env': {f'R{number}': {'value': text} for number, text in enumerate(texts)}}
    repository = r.Repository(folder / 'repository', r.settings() | model | r.following() | r.release(values=overlay))
    repository.publish()
    obj = repository.read('delivery/prod/web.yaml')
    chart = repository.folder / obj['spec']['source']['path']
    values = r.as_yaml(obj['spec']['source']['helm']['valuesObject'])
    done = subprocess.run([helm, 'template', 'r', chart, '--values', '-'], input=values, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    objects = [obj for obj in yaml.load_all(done.stdout, yaml.CSafeLoader) if obj]
    return {obj['kind']: obj for obj in objects}


def test_a_users_texts_come_out_as_plain_text(deployed: Callable[[Path, list[str]], Values], helm: Path) -> None:
    texts = HOSTILE
    objects = deployed(helm, texts)
    server = objects['Deployment']['spec']['template']['spec']['containers'][0]
    env = {entry['name']: entry['value'] for entry in server['env']}
    numbered = dict(enumerate(texts))
    assert {number: env[f'T{number}'] for number in numbered} == numbered
    assert {number: env[f'R{number}'] for number in numbered} == numbered
    assert server['args'][: len(texts)] == texts
    parameters = dict(argument[2:].split('=', 1) for argument in server['args'][len(texts) :])
    assert {number: parameters[f'p{number}'] for number in numbered} == numbered
    data = files_of(objects['Deployment']['spec']['template'])
    assert {number: data[f'f{number}'] for number, text in numbered.items() if text} == {
        n: t for n, t in numbered.items() if t
    }


@pytest.mark.parametrize('text', NOT_FOR_HELM_3)
def test_what_helm_3_cannot_take_is_refused(text: str, helm4: Path, tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound, match=f'Helm 3 does not support the character U.{ord(text):04X}'):
        deployment(helm4, [text], tmp_path)


@pytest.mark.parametrize('text', UNSEEN)
def test_what_reviewers_do_not_see_is_refused_wherever_it_stands(text: str, helm4: Path, tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound) as raised:
        deployment(helm4, [text, 'a'], tmp_path)
    found = {(problem.file, problem.path): problem.message for problem in raised.value.problems}
    model, release = 'registry/models/web.yaml', 'registry/releases/prod/web.yaml'
    places = ('description', 'args[0]', 'env.T0.value', 'parameters.p0', 'files.f0.content')
    assert {*found} == {
        *((model, f'$.spec.{place}') for place in places), (release, '$.spec.values.env.R0.value'),
    }  # fmt: skip
    assert all(re.fullmatch(r'the value contains U\+.*, which reviewers do not see', told) for told in found.values())


def test_texts_for_people_keep_their_meaning_in_charts(tmp_path: Path, helm4: Path) -> None:
    """Description, notes and metrics reach Chart.yaml and README as they are, templates in them are never run."""
    deployment(helm4, ['a'], tmp_path)
    readme = (tmp_path / 'repository' / 'charts/web/1.0.0/README.md').read_text()
    about = yaml.safe_load((tmp_path / 'repository' / 'charts/web/1.0.0/Chart.yaml').read_text())
    assert about['description'] == 'Answers [[ model ]] {{ fail "x" }}'
    assert about['description'] in readme
    assert '{{ x }} [[ y ]] {% z %} | `a` <!-- b -->' in readme
    assert '| {{ a }} \\| b | [[ c ]] |' in readme
    packed = subprocess.run(
        [helm4, 'package', tmp_path / 'repository' / 'charts/web/1.0.0', '-d', tmp_path], capture_output=True
    )
    assert packed.returncode == 0, packed.stderr
