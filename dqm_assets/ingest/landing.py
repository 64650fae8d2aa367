"""The drop folder: one sub-folder per dataset, files claimed by renaming, nothing ever deleted."""

import contextlib
import errno
import fcntl
import hashlib
import itertools
import os
import re
import shutil
import stat
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from dqm_assets.errors import SourceError

#: Folder inside the landing folder that holds what dqm has taken.
PRIVATE = ".dqm"
_CLAIMED, _ARCHIVE, _QUARANTINE = "claimed", "archive", "quarantine"
#: Files whose name starts so come from our own simulator; the mark stays with the run everywhere.
SIMULATED_PREFIX = "sim-"
#: Suffixes that programs give to files they are still writing.
UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".swp", "~")
#: Longest file name most file systems take, in bytes.
_NAME_BYTES = 255
_HASH_CHUNK = 1 << 20
_HASH_SHOWN = 8


@dataclass(frozen=True)
class Claim:
    """A dropped file that this process, and no other, is to load."""

    dataset: str
    run_id: str
    """``<file stem>-<first 8 hex of sha256>``: the same content under the same name is the same run."""
    path: Path
    """Where the file is now."""
    original_name: str
    sha256: str
    bytes: int
    mtime: float
    """Seconds since 1970, as the file system has it."""

    @property
    def simulated(self) -> bool:
        """Whether it comes from our own simulator."""
        return self.original_name.startswith(SIMULATED_PREFIX)


class Landing:
    """The drop folder of all datasets; several processes may use it at once.

    A file is taken by one atomic rename into ``.dqm/claimed``: of several processes one wins.
    What is read goes to ``.dqm/archive``, what cannot be read to ``.dqm/quarantine``. All three
    lie below the landing folder, because a rename is atomic only within one file system.
    Symbolic links are never followed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder).absolute()

    def datasets(self) -> list[str]:
        """Names of the sub-folders, sorted; hidden ones are none."""
        return sorted(entry.name for entry in _entries(self.folder) if _is_dataset(entry))

    def add_dataset(self, dataset: str) -> Path:
        """Create a dataset's folder if it is not there."""
        folder = self._dataset_folder(dataset)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def stray(self) -> list[Path]:
        """What lies where nothing is read: files in the landing folder itself, folders inside a dataset's."""
        files = [Path(entry.path) for entry in _finished(_entries(self.folder))]
        nested = [
            Path(e.path) for name in self.datasets() for e in _entries(self.folder / name) if _is_dataset(e)
        ]
        return sorted(files + nested)

    def ready(self, dataset: str, settle_seconds: float, *, wait: bool = True) -> list[Path]:
        """Files of a dataset that are whole, oldest first.

        Ready are regular files that are neither hidden nor named as unfinished, and whose size
        and modification time have stayed for ``settle_seconds``. A file modified longer ago than
        that counts as settled at once; if there are younger ones, the call sleeps ``settle_seconds``
        once and looks again (without ``wait`` it leaves them for the next call). A time in the
        future (another machine's clock) is not trusted: such a file is looked at twice.
        """
        folder = self._dataset_folder(dataset)
        first: dict[str, os.stat_result] = {}
        for entry in _finished(_entries(folder)):
            # Gone since it was listed: another process claimed it.
            with contextlib.suppress(FileNotFoundError):
                first[entry.name] = entry.stat(follow_symlinks=False)
        now = time.time()
        settled = {name: look for name, look in first.items() if 0 <= now - look.st_mtime >= settle_seconds}
        if wait and len(settled) < len(first):
            time.sleep(settle_seconds)
            for name in first.keys() - settled.keys():
                with contextlib.suppress(FileNotFoundError):
                    again = (folder / name).lstat()
                    if _same(again, first[name]):
                        settled[name] = again
        return [folder / name for name in sorted(settled, key=lambda n: (settled[n].st_mtime_ns, n))]

    def claim(self, path: Path) -> Claim | None:
        """Take a file for this process; ``None`` when another one was faster.

        The file is renamed before it is read, so what is hashed is what will be loaded.

        Raises:
            SourceError: ``path`` is no file of a dataset of this folder.
        """
        dataset, name = self._place(path)
        waiting = self._private(_CLAIMED, dataset) / f"{uuid4().hex}"
        waiting.mkdir(parents=True)
        held = waiting / name
        with _locked(waiting):
            try:
                os.rename(path, held)  # noqa: PTH104 - Path.rename would hide that this is the atomic step
            except FileNotFoundError:
                waiting.rmdir()
                return None
            if not stat.S_ISREG(held.lstat().st_mode):
                os.rename(held, path)  # noqa: PTH104
                waiting.rmdir()
                raise SourceError(f"{path}: not a regular file. Drop a copy of the file itself.")
            return self._identify(dataset, held)

    def take(self, dataset: str, source: Path) -> Claim:
        """Copy a file from anywhere straight into a claim, so that no other process ever sees it dropped.

        Raises:
            SourceError: ``dataset`` is not the name of a dataset.
        """
        copy = self.add_dataset(dataset) / f".{uuid4().hex}.tmp"
        shutil.copy2(source, copy)
        waiting = self._private(_CLAIMED, dataset) / uuid4().hex
        waiting.mkdir(parents=True)
        with _locked(waiting):
            held = waiting / source.name
            os.rename(copy, held)  # noqa: PTH104 - a kill leaves no half a file among the claims
            return self._identify(dataset, held)

    def archive(self, claim: Claim) -> Path:
        """Put away a file that was loaded; gives its new place."""
        return self._put(claim, _ARCHIVE)

    def quarantine(self, claim: Claim) -> Path:
        """Put away a file that could not be read; gives its new place."""
        return self._put(claim, _QUARANTINE)

    def pending_claims(self, older_than: float = 0.0) -> list[Claim]:
        """Claims that were neither archived nor quarantined, oldest file first.

        They are what a killed process left, and what a live one is busy with: ``older_than``
        seconds since the claim tells them apart. Loading a claim twice is safe, as its run id
        is its content's, and putting it away twice is as well.
        """
        latest = time.time() - older_than
        claims = []
        for folder in _entries(self.folder / PRIVATE / _CLAIMED):
            if not folder.is_dir(follow_symlinks=False):
                continue
            for run in _entries(Path(folder.path)):
                if older_than and run.stat(follow_symlinks=False).st_mtime > latest:
                    continue
                with _locked(Path(run.path)) as free:
                    files = [e for e in _entries(Path(run.path)) if free and e.is_file(follow_symlinks=False)]
                    # A file that may not be read stays where it is and does not hold up the others.
                    with contextlib.suppress(PermissionError):
                        claims += [self._identify(folder.name, Path(file.path)) for file in files]
        return sorted(claims, key=lambda claim: (claim.mtime, claim.original_name))

    def locate(self, dataset: str, run_id: str) -> Claim | None:
        """A run's file wherever it is now: claimed, archived or quarantined; ``None`` when it is gone."""
        self._dataset_folder(dataset)
        if Path(run_id).name != run_id or run_id.startswith("."):
            raise SourceError(f"{run_id!r}: not the name of a run.")
        for room in (_CLAIMED, _ARCHIVE, _QUARANTINE):
            for entry in _entries(self._private(room, dataset) / run_id):
                if entry.is_file(follow_symlinks=False):
                    return _claim(dataset, Path(entry.path))
        return None

    def _identify(self, dataset: str, held: Path) -> Claim:
        """Hash a claimed file and give its folder the run's name."""
        claim = _claim(dataset, held)
        final = self._private(_CLAIMED, dataset) / claim.run_id
        if held.parent != final and _rename_folder(held.parent, final):
            return replace(claim, path=final / held.name)
        return claim

    def _put(self, claim: Claim, room: str) -> Path:
        """Move a claimed file; a second one of the same run gets a number, the first stays."""
        base = self._private(room, claim.dataset)
        base.mkdir(parents=True, exist_ok=True)
        for count in itertools.count(1):
            target = base / (claim.run_id if count == 1 else f"{claim.run_id}.{count}")
            if not claim.path.exists() and (target / claim.path.name).exists():
                break  # another process, recovering, has put it away
            # The whole folder moves, so that a kill leaves it on one side or the other.
            if _rename_folder(claim.path.parent, target):
                break
        return target / claim.path.name

    def _place(self, path: Path) -> tuple[str, str]:
        """Dataset and name of a dropped file, without following what the path points to."""
        path = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
        if path.parent.parent != self.folder:
            raise SourceError(f"{path}: not in a dataset's folder of {self.folder}.")
        self._dataset_folder(path.parent.name)
        return path.parent.name, path.name

    def _dataset_folder(self, dataset: str) -> Path:
        if not dataset or dataset.startswith(".") or Path(dataset).name != dataset or "\x00" in dataset:
            raise SourceError(f"{dataset!r}: not the name of a dataset. Use a plain folder name.")
        folder = self.folder / dataset
        if folder.is_symlink():
            raise SourceError(f"{folder}: a symbolic link. Make it a folder.")
        return folder

    def _private(self, room: str, dataset: str) -> Path:
        return self.folder / PRIVATE / room / dataset


@contextlib.contextmanager
def _locked(folder: Path) -> Generator[bool]:
    """Hold a claim's folder while it is being made or identified; ``False`` when another process does.

    The kernel lets go of the lock when its holder is killed.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = True
    except BlockingIOError:
        free = False
    try:
        yield free
    finally:
        os.close(descriptor)


def _rename_folder(folder: Path, target: Path) -> bool:
    """Rename; ``False`` when the target is there already and is left as it is.

    Raises:
        SourceError: the folder cannot be moved.
    """
    try:
        os.rename(folder, target)  # noqa: PTH104
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            return False
        raise SourceError(f"{folder}: cannot be moved to {target}: {error.strerror}.") from error
    return True


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_dataset(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)


def _finished(entries: Iterable[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
    return [
        entry
        for entry in entries
        if not entry.name.startswith(".")
        and not entry.name.lower().endswith(UNFINISHED)
        and entry.is_file(follow_symlinks=False)
    ]


def _same(a: os.stat_result, b: os.stat_result) -> bool:
    return (a.st_size, a.st_mtime_ns, a.st_ino) == (b.st_size, b.st_mtime_ns, b.st_ino)


def _claim(dataset: str, path: Path) -> Claim:
    look = path.lstat()
    sha256 = _sha256(path)
    shown = os.fsencode(path.name).decode("utf-8", errors="backslashreplace")
    return Claim(dataset, _run_id(path.name, sha256), path, shown, sha256, look.st_size, look.st_mtime)


def _sha256(path: Path) -> str:
    # O_NOFOLLOW: nobody can swap a link in between the look and the reading.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    digest = hashlib.sha256()
    with os.fdopen(descriptor, "rb") as file:
        while chunk := file.read(_HASH_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _run_id(name: str, sha256: str) -> str:
    """``data.csv.gz`` and ``data.csv`` have the stem ``data``; shortened to fit a folder's name."""
    stem = name
    for suffix in (".gz", ".csv", ".tsv", ".txt", ".parquet"):
        stem = stem[: -len(suffix)] if stem.lower().endswith(suffix) and len(stem) > len(suffix) else stem
    # A partition key and a folder's name: no control characters, no ellipsis, nothing that quotes.
    stem = re.sub(r"\.{2,}", "_", re.sub(r"[^\w .()+=@-]", "_", stem))
    room = _NAME_BYTES - _HASH_SHOWN - 8
    stem = os.fsencode(stem)[:room].decode("utf-8", errors="ignore")
    return f"{stem}-{sha256[:_HASH_SHOWN]}"
