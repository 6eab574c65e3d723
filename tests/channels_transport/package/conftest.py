"""Fixtures: the built package, an environment into which it is installed, and foreign sites that run there."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.channels_transport.package.foreign import ForeignSite
from tests.valkey import running_valkey

SOURCE = Path(__file__).resolve().parent.parent.parent.parent / "channels_transport"
BUILD_SECONDS = 600


def run(*command):
    """Run a command, and return its output. Skip the test if the package index cannot be reached, except in CI."""
    done = subprocess.run(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BUILD_SECONDS,
        env={name: text for name, text in os.environ.items() if name != "PYTHONPATH"},
    )
    unreachable = ("ConnectionError", "NewConnectionError", "Temporary failure in name resolution", "No matching")
    if done.returncode and not os.environ.get("CI") and any(text in done.stdout for text in unreachable):
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stdout
    return done.stdout


def make_environment(folder, *arguments):
    run(sys.executable, "-m", "venv", folder)
    python = folder / "bin" / "python"
    if arguments:
        run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments)
    return python


def build_and_install(folder):
    """Build the wheel and the sdist from a copy of the source, and install the wheel into an empty environment."""
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist")
    shutil.copytree(SOURCE, folder / "source", ignore=ignored)
    python = make_environment(folder / "tools", "build", "setuptools>=77")
    run(python, "-m", "build", "--no-isolation", "--outdir", folder / "dist", folder / "source")
    (wheel,) = (folder / "dist").glob("*.whl")
    make_environment(folder / "venv", wheel)


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """Return the folder with the built package and its environment. The processes of a run share one build."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "package"
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build_and_install(folder)
            (folder / "ready").touch()
    return folder


@pytest.fixture(scope="session")
def built(package):
    """Return the folder of the wheel and the sdist."""
    return package / "dist"


@pytest.fixture(scope="session")
def installed_python(package):
    """Return the Python of an empty environment into which pip has installed the wheel, with its dependencies."""
    return package / "venv" / "bin" / "python"


@pytest.fixture(scope="session")
def site_python(request):
    """
    Return the Python that runs the foreign site.

    `bin/matrix` has installed the package in the environment that runs the tests, and says so in a variable.
    """
    return sys.executable if os.environ.get("PACKAGE_IS_INSTALLED") else request.getfixturevalue("installed_python")


@pytest.fixture(scope="session")
def make_foreign_site(site_python, tmp_path_factory):
    """Yield a function that makes a foreign site. Its processes end with the tests."""
    sites = []

    def make(config, **options):
        site = ForeignSite(site_python, tmp_path_factory.mktemp("foreign") / "site", config, **options)
        sites.append(site)
        site.manage("migrate")
        return site

    yield make
    for site in sites:
        site.stop_all()


@pytest.fixture(scope="session")
def foreign_site(make_foreign_site):
    """Yield a foreign site with an interface, a worker and a delay server, on a Redis of its own."""
    with running_valkey() as url:
        site = make_foreign_site({"hosts": [url], "capacity": 1000})
        site.start_interface("--access-log", str(site.folder / "access.log"))
        site.start_worker()
        site.start("delay", "manage.py", "rundelay")
        yield site
        site.stop_all()
