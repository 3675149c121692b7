"""Detection of network file systems, where SQLite's write-ahead log cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_LOCAL: Final = frozenset(
    {"", "apfs", "bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "fuseblk", "hfs",
     "hfsplus", "jfs", "msdos", "nilfs2", "ntfs", "ntfs3", "overlay", "ramfs", "reiserfs",
     "rootfs", "tmpfs", "ubifs", "vfat", "xfs", "zfs", "fuse.fuse-overlayfs", "fuse.mergerfs"}
)  # fmt: skip
"""Kinds of local file systems. Network file systems have too many names to list, and a local one
that is missing here only makes writing slower."""


def on_network(path: Path, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Return whether a path is on a file system that is not known to be local.

    Linux lists its mounts; on Windows a share is visible in the path. Elsewhere this returns False,
    and SQLite itself refuses to use its write-ahead log.
    """
    where = path.resolve()
    if str(where).startswith("\\\\"):
        return True
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    found = [line.split(" ")[1:3] for line in lines if line.count(" ") >= 2]
    # The deepest mount point contains the path; of two at the same point the later one hides the
    # other.
    above = [
        (len(at), n, kind)
        for n, (at, kind) in enumerate(found)
        if where.is_relative_to(at.replace("\\040", " "))
    ]
    return bool(above) and max(above)[2] not in _LOCAL
