"""Which start of the kernel this is: what was written and not synced is certain only until the next one."""

from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Returns an id that changes with each start of the kernel; empty where the system has none."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""
