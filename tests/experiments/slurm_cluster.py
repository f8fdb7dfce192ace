"""A Slurm of one node in a folder: its daemons, with a configuration of their own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.ports import free_port

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "scancel")
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={root}/munge.socket
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES State=UP
"""


def absent() -> list[str]:
    """Return the programs of Slurm that are not installed."""
    return [name for name in NEEDED if shutil.which(name) is None]


@contextmanager
def slurm(root: Path) -> Iterator[dict[str, str]]:
    """Yield the environment in which commands of Slurm reach a cluster of one node, with two processors."""
    root.chmod(0o755)
    for name in ("state", "spool"):
        (root / name).mkdir()
    key = root / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    host = socket.gethostname().partition(".")[0]
    text = CONFIGURATION.format(host=host, root=root, controller=free_port(), node=free_port())
    (root / "slurm.conf").write_text(text)
    environment = os.environ | {"SLURM_CONF": str(root / "slurm.conf")}
    munge = [f"--key-file={key}", f"--socket={root / 'munge.socket'}", f"--pid-file={root / 'munge.pid'}"]
    munge += [f"--log-file={root / 'munge.log'}", f"--seed-file={root / 'munge.seed'}", "--force"]
    with ExitStack() as stack:
        for command in (
            ["munged", "--foreground", *munge],
            ["slurmctld", "-D", "-L", str(root / "slurmctld.log")],
            ["slurmd", "-D", "-N", host, "-L", str(root / "slurmd.log")],
        ):
            stack.enter_context(daemon(command, environment))
        ready(environment, root)
        try:
            yield environment
        finally:
            end_jobs(environment)


@contextmanager
def daemon(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    """Run a process until the end of the block."""
    quiet = subprocess.DEVNULL
    running = subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def end_jobs(environment: dict[str, str]) -> None:
    """Take all jobs out of the queue: they do not end with the daemons."""
    subprocess.run(["scancel", "--full", "--user=root"], env=environment, capture_output=True, check=False)
    end = time.monotonic() + 30
    while time.monotonic() < end:
        said = subprocess.run(["squeue", "-h"], env=environment, capture_output=True, text=True, check=False)
        if not said.stdout.strip():
            return
        time.sleep(0.2)


def ready(environment: dict[str, str], root: Path) -> None:
    """Wait until the node takes jobs."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        said = subprocess.run(
            ["sinfo", "-h", "-o", "%T"], env=environment, capture_output=True, text=True, check=False
        )
        if said.stdout.strip() == "idle":
            return
        time.sleep(0.2)
    logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in root.glob("*.log"))
    raise TimeoutError(f"Slurm did not start: {said.stdout}{said.stderr}\n{logs}")
