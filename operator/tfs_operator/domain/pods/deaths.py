"""Says how a container's process ended: killed for memory, by a signal, or by itself with its last words.

A kubelet reports a signal as 128 and its number, and an OOM kill by its reason. Sources: k8s.io/kubernetes/pkg/kubelet/
kuberuntime/kuberuntime_container.go and containerd's runtime/v2 (exit codes), kernel oom_kill (reason OOMKilled).
"""

import signal
from dataclasses import dataclass

from tfs_operator.api.manifest import Manifest
from tfs_operator.domain.foreign_text import one_line
from tfs_operator.domain.pods.manifest import SERVER_CONTAINER, is_running, last_exit, memory_limit, server_status

_MESSAGE_LIMIT = 1024
_SIGNALS = 128
"""Added to a signal's number it is the exit code of a process that was killed by it."""


@dataclass(frozen=True)
class Death:
    """How the last process of the model server ended by an error, also when a new one runs by now.

    `how` continues a sentence: `was killed, out of memory (limit 900Mi)`. `restarts` is the container's restart count
    while the process ran that died. So one that was told something at `PodFacts.restarts` N has died if `restarts` is
    N or more, whether the next one has started or not.
    """

    how: str
    restarts: int
    last_words: str = ""

    def words(self, when: str = "") -> str:
        """Returns how it died, `when` (such as ` while it served`), and its last words."""
        return f"{self.how}{when}" + (f": {self.last_words}" if self.last_words else "")


def server_death(pod: Manifest) -> Death | None:
    """Returns the last death of the pod's model server; None when its last process ended well, or none has ended."""
    server = server_status(pod.get("status") or {})
    ended = last_exit(server)
    if ended is None:
        return None
    count = int(server.get("restartCount", 0))
    how = _how(ended, memory_limit(pod, SERVER_CONTAINER))
    return Death(how, max(count - is_running(server), 0), _last_words(ended))


def exit_words(ended: Manifest, limit: str, when: str = "") -> str:
    """Returns how a process ended, `when` (such as ` while it served`), and its last words where they can tell why.
    `limit` is the memory limit of its container; empty without one."""
    words = _last_words(ended)
    return f"{_how(ended, limit)}{when}" + (f": {words}" if words else "")


def _last_words(ended: Manifest) -> str:
    """Returns lines of the log. Where the process was killed from outside, the last one has nothing to do with that;
    an error may: a server that finds no base path says so until the startup probe ends it."""
    log = str(ended.get("message") or "")
    if is_out_of_memory(ended):
        return ""
    return telling_lines(log, only_errors=is_kill(ended))


def is_out_of_memory(ended: Manifest) -> bool:
    """Tells whether the kernel killed the process for its container's or its node's memory."""
    return bool(ended.get("reason") == "OOMKilled")


def _how(ended: Manifest, limit: str) -> str:
    if is_out_of_memory(ended):
        return f"was killed, out of memory ({f'limit {limit}' if limit else 'no limit: that of the node'})"
    if ended.get("reason") in _NEVER_RAN:
        return "could not be started"
    if ended.get("reason") == "ContainerStatusUnknown":
        return "was lost by its node"
    code = int(ended.get("exitCode", 0))
    name = _signal_name(code - _SIGNALS)
    return f"was killed by signal {code - _SIGNALS} ({name})" if name else f"ended with exit code {code}"


_NEVER_RAN = ("StartError", "ContainerCannotRun")
_OTHER_REASONS = (*_NEVER_RAN, "OOMKilled", "ContainerStatusUnknown")


def is_kill(ended: Manifest) -> bool:
    """Tells whether the process was ended by SIGKILL, as a kubelet does after probes that failed, or a node without
    memory."""
    return ended.get("exitCode") == _SIGNALS + signal.SIGKILL and ended.get("reason") not in _OTHER_REASONS


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


def telling_lines(log: str, *, only_errors: bool = False) -> str:
    """Returns the last error lines of a server's log, without their time and source prefix; else its last line, unless
    `only_errors` is set."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if _is_error(line)]
    chosen = errors[-2:] or ([] if only_errors else lines[-1:])
    text = "; ".join(dict.fromkeys(map(_without_prefix, chosen)))[-_MESSAGE_LIMIT:]
    return one_line(text, _MESSAGE_LIMIT)


def _is_error(line: str) -> bool:
    return ": E " in line or ": F " in line or line.startswith(("E0", "E1", "F0", "F1")) or "Failed" in line


def _without_prefix(line: str) -> str:
    """Drops TensorFlow's `2026-11-21 06:30:00.0: E dir/file.cc:75] `."""
    head, bracket, rest = line.partition("] ")
    return rest if bracket and " " in head and ".cc:" in head else line
