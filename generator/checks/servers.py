"""What releases write about containers → problems: another program, another loader.

A new version of a chart is reviewed with what its server starts; a release only sets how it runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.checks.scope import Scope
from generator.domain.layout import model_file
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.records import Release

_OF_MODEL = ('command', 'args')
_PROBES = ('startupProbe', 'readinessProbe', 'livenessProbe')
_READ = frozenset([*_OF_MODEL, *_PROBES, 'env', 'parameters', 'files'])
# Variables by which loaders, interpreters and libraries start or fetch other code than the image holds.
_LOADERS = re.compile(
    r'(LD|DYLD|HF|TRANSFORMERS|NVIDIA)_.*|PYTHON(?!UNBUFFERED|HASHSEED|DONTWRITEBYTECODE).*|HUGGING_?FACE.*'
    r'|_?JAVA.*_?OPT(ION)?S|JDK_JAVA_OPTIONS|CLASSPATH|NODE_(OPTIONS|PATH)|PERL5.*|RUBY(LIB|OPT)|GCONV_PATH'
    r'|GLIBC_TUNABLES|OPENSSL_(CONF|MODULES|ENGINES)|PATH|HOME|ENV|BASH_ENV|TRUST_REMOTE_CODE|TS_CONFIG_FILE'
    r'|LUA_(INIT|C?PATH)(_5_[0-9])?|DOTNET_(STARTUP_HOOKS|ADDITIONAL_DEPS|SHARED_STORE|ROOT.*|GCNAME|GCPATH)'
    r'|(CORECLR|COR)_(ENABLE_PROFILING|PROFILER.*)|(CUDA|NVTX)_INJECTION(32|64)_PATH|OMP_TOOL.*'
    r'|NCCL_([A-Z]+_PLUGIN|NET|CONF_FILE)|(HSA|ROCP)_TOOLS?_LIB|FI_PROVIDER_PATH|UCX_MODULE_DIR|OMPI_MCA_.*PATH'
    r'|TF_PLUGGABLE_DEVICE_LIBRARY_PATH|PJRT_NAMES_AND_LIBRARY_PATHS|TPU_LIBRARY_PATH'
    r'|OCL_ICD_(VENDORS|FILENAMES)|OPENCL_(VENDOR_PATH|LAYERS|LAYER_PATH)|VK_(ICD_FILENAMES|(ADD_)?(DRIVER_FILES|(IMPLICIT_)?LAYER_PATH))'
    r'|TRITON_.*PATHS?|CUDA_HOME'
    r'|MLSERVER_(MODEL_(IMPLEMENTATION|URI|EXTRA|HUGGINGFACE.*|ENVIRONMENT.*|PARAMETERS|REPOSITORY.*)|EXTENSIONS|.*SETTINGS)'
    r'|BENTO(ML)?_.*|VIRTUAL_ENV|GIT_SSH(_COMMAND)?|GIT_(CONFIG|EXEC).*'
    r'|VLLM_(PLUGINS|ALLOW.*|USE_MODELSCOPE|.*LORA_RESOLVER.*|MODEL_REDIRECT_PATH|SERVER_DEV_MODE)',
    re.IGNORECASE,
)
# Parameters that name code, for all runtimes.
_CODE = re.compile(
    r'trust-remote-code|working-dir|worker-(cls|extension-cls)|scheduler-cls|logits-processors|middleware|model-class-overrides'
    r'|(tool|reasoning)-parser-plugin|io-processor-plugin|(backend|repoagent)-directory|plugins-path|cpu-extension'
)


def started_programs(scope: Scope) -> Iterator[Problem]:
    """Report what a release changes of what runs in its containers."""
    for release in scope.registry.releases.values():
        for path, what in _changed(release):
            message = f'a release may not set {what}'
            file = model_file(release.model)
            hint = f'write it in {file}, which makes a new version of the chart, or in the environment'
            yield Problem(release.file, json_path(path), message, hint)


def _changed(release: Release) -> Iterator[tuple[Path, str]]:
    values = release.spec.get('values')
    if not values and not release.removed:
        return
    for path, container in _containers(values, ('spec', 'values')):
        for name in container:
            if name in _READ:
                yield from _in_container((*path, name), container[name])
    for path in release.removed:
        keys = path[2:]
        if keys[:1] == ('containers',):
            keys = keys[2:]
        if path[1] == 'values' and keys and (what := _what(keys)):
            yield path, what


def _in_container(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if path[-1] in _OF_MODEL:
        yield path, f'the {path[-1]}'
    for name, entry in value.items() if isinstance(value, Mapping) else ():
        if path[-1] == 'files':
            if isinstance(entry, Mapping) and 'mountPath' in entry:
                yield (*path, name, 'mountPath'), f"the place of file '{name}'"
        elif what := _what((path[-1], name)):
            yield (*path, name), what


def _what(keys: Path) -> str:
    match keys:
        case (('command' | 'args') as key,):
            return f'the {key}'
        case (('startupProbe' | 'readinessProbe' | 'livenessProbe') as probe, 'command'):
            return f'the command of the {probe}'
        case ('env', str(name), *_) if _LOADERS.fullmatch(name):
            return f"variable '{name}'"
        case ('parameters', str(name), *_) if _CODE.fullmatch(name.replace('_', '-').lower()):
            return f"parameter '{name}'"
    return ''


def _containers(values: Any, path: Path) -> Iterator[tuple[Path, Mapping[Any, Any]]]:
    if not isinstance(values, Mapping):
        return
    yield path, values
    containers = values.get('containers')
    for name, container in containers.items() if isinstance(containers, Mapping) else ():
        if isinstance(container, Mapping):
            yield (*path, 'containers', name), container
