"""A Slurm of one node, from Debian's packages (`slurm-wlm munge`), in the foreground and in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
WAIT_S = 60.0
CONFIGURATION = """
ClusterName=histo
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=20
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory_mib} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class SlurmNode:
    """A running one.

    Args:
        folder: Of its files.
    """

    def __init__(self, folder: Path) -> None:
        self.environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}

    def ask(self, *words: str) -> str:
        """What a command of Slurm's prints."""
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=WAIT_S, check=True)
        return done.stdout

    def queue(self) -> list[tuple[str, str]]:
        """Jobs that are not over, `12_3` and `RUNNING`."""
        lines = self.ask("squeue", "--noheader", "--array", "--format=%i %T").splitlines()
        return [(name, state) for name, state in (line.split() for line in lines)]

    def wait_until_empty(self, longest_s: float) -> None:
        """Wait until every job is over."""
        until = time.monotonic() + longest_s
        while queue := self.queue():
            assert time.monotonic() < until, queue
            time.sleep(1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def slurm_node(folder: Path, cpus: int) -> Iterator[SlurmNode]:
    """Start one, and end it with everything that runs in it. Skips the test where that is not possible."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing or os.getuid() != 0:
        pytest.skip(f"needs root and Debian's slurm-wlm and munge ({', '.join(missing) or 'not root'})")
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)
    text = CONFIGURATION.format(
        folder=folder,
        host=platform.node(),
        controller_port=_free_port(),
        node_port=_free_port(),
        cpus=cpus,
        memory_mib=psutil.virtual_memory().total >> 20,
    )
    (folder / "slurm.conf").write_text(text)
    node = SlurmNode(folder)
    own = [f"--{name}={folder}/munge.{name}" for name in ("socket", "pid-file", "log-file", "seed-file")]
    commands = [
        ["munged", "--foreground", "--force", f"--key-file={key}", *own],
        ["slurmctld", "-D", "-c", "-f", str(folder / "slurm.conf")],
        ["slurmd", "-D", "-c", "-f", str(folder / "slurm.conf")],
    ]
    running: list[subprocess.Popen[bytes]] = []
    with (folder / "daemons.log").open("wb") as log:
        try:
            for command in commands:
                running.append(
                    subprocess.Popen(command, env=node.environment, stdout=log, stderr=log, start_new_session=True)
                )
                if command[0] == "munged":
                    _wait_for(lambda: (folder / "munge.socket").exists(), "munged", folder)
            _wait_for(lambda: "idle" in _told(node), "the node", folder)
            yield node
        finally:
            with contextlib.suppress(subprocess.SubprocessError):
                node.ask("scancel", "--user=root", "--full")
                node.wait_until_empty(WAIT_S)
            for process in reversed(running):
                process.terminate()
            for process in running:
                process.wait(WAIT_S)


def _told(node: SlurmNode) -> str:
    try:
        return node.ask("sinfo", "--noheader", "--format=%T")
    except subprocess.SubprocessError:
        return ""


def _wait_for(ready: object, what: str, folder: Path) -> None:
    assert callable(ready)
    until = time.monotonic() + WAIT_S
    while not ready():
        assert time.monotonic() < until, f"{what} does not come up: {(folder / 'daemons.log').read_text()[-2000:]}"
        time.sleep(0.3)
