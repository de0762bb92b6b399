"""What running processes are said to take."""

import os
import subprocess
import sys

from bench.usage import OthersCpu, children_of, cpu_seconds, machine_cpu_seconds, memory, peak_memory

MIB = 2**20
BUSY = "import time\nheld = bytearray(80 * 2**20)\nwhile time.process_time() < 0.5: pass\ndel held\nprint()\ninput()"


def test_a_process_that_runs() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        assert process.pid in children_of(os.getpid())
        assert 0.45 <= cpu_seconds(process.pid) < 10
        assert 80 * MIB <= peak_memory(process.pid) < 150 * MIB
        assert 0 < memory(process.pid) <= peak_memory(process.pid) - 60 * MIB
        process.stdin.close()
    assert (cpu_seconds(process.pid), memory(process.pid)) == (0, 0)
    assert process.pid not in children_of(os.getpid())


def test_what_others_take_is_what_is_not_ours() -> None:
    others, before = OthersCpu([]), machine_cpu_seconds()
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"], check=True)
    assert others.seconds() >= 0.45
    assert machine_cpu_seconds() - before >= 0.45
