"""Small file systems that fill up and break, and system calls that fail: for root, on Linux."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from fakes import poll

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mkfs.ext4") is None, reason="needs root and mkfs.ext4"
)
_FUSE_LOOKUP, _FUSE_GETATTR, _FUSE_INIT = 1, 3, 26

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """Mount something on a new folder; whoever uses it must have ended before the end."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", *options, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def tmpfs(folder: Path, options: str) -> Iterator[Path]:
    """Mount a file system in memory: `size=2m`, `nr_inodes=40`."""
    with mounted(folder, "-t", "tmpfs", "-o", options, "tmpfs") as ready:
        yield ready


@contextmanager
def ext4(folder: Path, image: Path, *, megabytes: int = 16) -> Iterator[Path]:
    """Mount a file system of its own, which a fault makes read-only."""
    with image.open("wb") as file:
        file.truncate(megabytes * 1_000_000)
    subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", str(image)], check=True)
    with mounted(folder, "-o", "loop,errors=remount-ro", str(image)) as ready:
        yield ready


def break_ext4(folder: Path) -> None:
    """Let the file system find a fault in itself, after which it is read-only."""
    (line,) = (
        line for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line
    )
    device = Path(line.split()[0]).name
    (Path("/sys/fs/ext4") / device / "trigger_fs_error").write_text("1")


def fill(folder: Path, *, leave: int = 0) -> Path:
    """Fill a file system up to its last byte, or to so many before it; return the filling."""
    filling = folder / "filling"
    with filling.open("wb", buffering=0) as file:
        for size in (65536, 4096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
        if leave:
            file.truncate(file.tell() - leave)
    return filling


def use_up_inodes(folder: Path) -> None:
    """Create files until no more can be created."""
    number = 0
    with suppress(OSError):
        while True:
            (folder / f"file{number}").touch()
            number += 1


@contextmanager
def sshfs(folder: Path) -> Iterator[Path]:
    """Mount what the kernel takes for an empty folder on another machine."""
    folder.mkdir()
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    answering = threading.Thread(target=_answer, args=(device,))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"me@host:", os.fsencode(folder), b"fuse.sshfs", 0, options):
        os.close(device)
        pytest.skip(f"cannot mount: {os.strerror(ctypes.get_errno())}")
    answering.start()
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        answering.join()
        os.close(device)


def _answer(device: int) -> None:
    """Say what FUSE (linux/fuse.h) asks about the root folder, and that there is nothing else."""
    with suppress(OSError):  # it is unmounted
        while True:
            request = os.read(device, 1 << 17)
            opcode, unique = struct.unpack_from("<4xIQ", request)
            error, body = -errno.ENOSYS, b""
            if opcode == _FUSE_INIT:
                error, body = (
                    0,
                    struct.pack("<IIIIHHII", 7, 23, 0, 0, 1, 1, 4096, 1).ljust(64, b"\0"),
                )
            elif opcode == _FUSE_GETATTR:
                attributes = struct.pack("<6Q10I", 1, *[0] * 8, 0o40700, 2, *[0] * 5)
                error, body = 0, struct.pack("<QII", 600, 0, 0) + attributes
            elif opcode == _FUSE_LOOKUP:
                error = -errno.ENOENT
            os.write(device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)


@contextmanager
def failing(pid: int, calls: str, error: str) -> Iterator[None]:
    """Let system calls of a process fail while the block runs: `failing(pid, "fsync", "EIO")`."""
    strace = subprocess.Popen(
        ["strace", "-p", str(pid), "-e", f"trace={calls}", "-e", f"inject={calls}:error={error}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    status = Path(f"/proc/{pid}/status")
    try:
        poll(lambda: f"TracerPid:\t{strace.pid}\n" in status.read_text())
        yield
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait()
