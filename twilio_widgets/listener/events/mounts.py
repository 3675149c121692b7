"""Whether a file lies on a network file system, where SQLite's write-ahead log cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afs", "9p", "ceph", "lustre", "glusterfs",
     "fuse.sshfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.glusterfs", "beegfs", "gpfs", "davfs"}
)  # fmt: skip


def on_network(path: Path, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Say whether a path lies on a network file system, as far as the system tells.

    Linux lists its mounts; Windows shows a share in the path. Elsewhere SQLite's own refusal to
    use its write-ahead log decides.
    """
    where = path.resolve()
    if str(where).startswith("\\\\"):
        return True
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    found = [line.split(" ")[1:3] for line in lines if line.count(" ") >= 2]
    # The deepest mount holds the path; of two at one place the later lies over the other.
    above = [
        (len(at), n, kind)
        for n, (at, kind) in enumerate(found)
        if where.is_relative_to(at.replace("\\040", " "))
    ]
    return bool(above) and max(above)[2] in _NETWORK
