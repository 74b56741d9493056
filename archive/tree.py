"""The document tree (GED): where every letter is kept for good, readable without us, provable by a stranger.

A *pli* is the unit of filing: one mail, scan or generated letter with its attachments and PDFs, under one id that
derives from its bytes. A group of plis is written so that a power cut leaves each of them whole or absent: everything
is fsynced in `_ged/tmp` with the list of targets (the plan), the documents get their final names, and last the sidecars
get theirs, which is the commit point. Journal and database follow and can be rolled forward from the sidecars.

Everything that writes needs `with tree.lock(seconds):` around it. `FsyncFailed` is caught by nobody: the process ends.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from archive import names, promise, sidecar
from archive.durable import DISK, Disk, DiskFull, FsyncFailed, full_disk_told
from archive.folders import Folders, Parts, open_below
from archive.journal import Event, Journal, Op
from archive.lock import Locked, locked
from archive.pli import Document, Draft, Filed, Pli, beside, check, draft, filed
from archive.promise import Plan, Promise
from archive.skeleton import OWN, build

__all__ = ["DiskFull", "Document", "Filed", "FsyncFailed", "Locked", "Pli", "Tree"]

TMP = (OWN, "tmp")


def _nobody(_short: str) -> str | None:
    return None


class Tree:
    """One agency's tree under `root`.

    `bearer` tells whose short id that is: the digest of the pli that bears it in the index, None when it is free. A pli
    whose short form is taken gets a longer one. `disk` does the effects; tests interrupt it. Raises ValueError when the
    root holds a tree of another format.
    """

    def __init__(
        self,
        root: Path,
        agency: str,
        version: str,
        *,
        bearer: Callable[[str], str | None] = _nobody,
        disk: Disk = DISK,
    ) -> None:
        self._root = root
        self._agency = names.agency_folder(agency)
        self._version = version
        self._bearer = bearer
        self._disk = disk
        self._folders = Folders(root, disk)
        self._journal = Journal(root / OWN / "journal", disk)
        self._locked = False
        self._plans: dict[str, str] = {}  # path of a sidecar that isn't settled -> the name of its plan
        self._settled: set[str] = set()  # plans to drop
        self._owed: list[Event] = []  # lines that a full disk kept out of the journal
        build(root, disk)

    @contextmanager
    def lock(self, timeout: float) -> Iterator[None]:
        """Hold the tree for a group of writes, 2 s at most. Raises Locked after `timeout` seconds, with the holder."""
        with locked(self._root / OWN / "lock", timeout):
            self._locked = True
            try:
                yield
            finally:
                self._locked = False
                self._folders.release()

    def file(self, plis: Sequence[Pli], now: datetime, actor: str) -> list[Filed]:
        """File a group; on return all of it is durable. A pli that is in its folder already is returned as it is.

        Raises DiskFull, ValueError, OSError with nothing of the group in the tree. Once the sidecars are durable
        nothing more is raised: journal lines that a full disk refuses are owed, and written before anything else.
        Call `settle` after the database commit; when that commit fails, `recover` returns the group again.
        """
        self._need_lock()
        Event(Op.FILE, "-", actor=actor)  # an actor that can't stand in the journal is refused before anything is done
        with full_disk_told(self._root):
            self._pay(now)
            drafts, known = self._drafts(plis, now)
            self._commit(drafts, now, actor)
        done = known | {one.filed.digest: one.filed for one in drafts}
        return [done[pli.digest] for pli in plis]

    def settle(self, filed: Sequence[Filed]) -> None:
        """The database knows these plis: their plans are dropped (one that a power cut brings back does no harm)."""
        self._need_lock()
        self._settled.update(self._plans.pop(one.sidecar) for one in filed if one.sidecar in self._plans)
        if self._owed:
            return  # the plan is what brings the lines back, should we die before the disk has room
        for name in sorted(self._settled - set(self._plans.values())):
            self._disk.unlink(name, self._folders.descriptor(TMP))
            self._settled.discard(name)

    def recover(self, now: datetime) -> list[Filed]:
        """At the start, and after a database commit that failed: what the plans say is brought to an end.

        Returns the plis that are in the tree and not settled, for the database (which may know some of them already).
        Those without a sidecar are taken out again; their letters are still in `incoming/`.
        """
        self._need_lock()
        self._owed.clear()
        mended = self._journal.mend()
        found: dict[str, Filed] = {}
        for name, plan in self._read_plans():
            committed = [one for one in plan.promises if self._stands(one)]
            mended += self._withdraw([one for one in plan.promises if one not in committed])
            self._harden(committed)
            found |= {one.sidecar.path: self._read_back(one) for one in committed}
            self._plans |= {one.sidecar.path: name for one in committed}
            self._owed += self._unwritten(plan, committed)
        self._clear_tmp()
        if mended or self._owed:
            self._owed.append(Event(Op.RECOVER, "-"))
        with suppress(DiskFull):  # then the lines stay owed
            self._pay(now)
        return list(found.values())

    def revise(self, path: str, changes: Mapping[str, Any], now: datetime, actor: str) -> Filed:
        """A new sidecar beside that of `path` (relative to the root), with these fields changed; the old one stays."""
        before = sidecar.decode(self.read(path))
        record = {key: value for key, value in before.items() if key not in sidecar.OURS} | dict(changes)
        number = self._next(path, partial(sidecar.name, before["id"]), 2)
        built = sidecar.build(record, before["id"], before["files"], now, self._version)
        return self._beside(path, built, sidecar.name(before["id"], number), Op.REVISE, now, actor)

    def add_event(self, path: str, op: Op, record: Mapping[str, Any], now: datetime, actor: str) -> Filed:
        """A small record of what happened later to the case of a pli, beside its sidecar (`path`).

        It names the original again, which proves what it is about; the journal line bears its op. Call `settle` after
        the database commit. Raises DiskFull, ValueError, OSError with nothing written.
        """
        before = sidecar.decode(self.read(path))
        number = self._next(path, partial(sidecar.event_name, before["id"]), 1)
        original = [file for file in before["files"] if file["role"] == "original"]
        numbered = {**record, "number": number}
        built = sidecar.build(numbered, before["id"], original, now, self._version)
        return self._beside(path, built, sidecar.event_name(before["id"], number), op, now, actor)

    def _next(self, path: str, name: Callable[[int], str], number: int) -> int:
        folder = tuple(path.split("/")[:-1])
        while self._folders.holds(folder, name(number)):
            number += 1
        return number

    def _beside(self, path: str, record: dict[str, Any], name: str, op: Op, now: datetime, actor: str) -> Filed:
        self._need_lock()
        Event(op, "-", actor=actor)  # refused before anything is done
        leaf = tuple(path.split("/")[:-2])
        one = beside(record, leaf, name, op)
        with full_disk_told(self._root):
            self._pay(now)
            self._commit([one], now, actor)
        return one.filed

    def note(self, op: str, id: str, document_sha: str, now: datetime, actor: str) -> None:  # noqa: A002  a word of the trade
        """A journal line for what happens to a pli later. Raises DiskFull when it isn't written."""
        self._need_lock()
        event = Event(op, id, document_sha or "-", actor=actor)
        self._pay(now)
        self._journal.append([event], now)

    def seal(self) -> str:
        """The sha256 (hex) of the journal's last whole day: a witness to all that was before."""
        return self._journal.last_seal()

    def head(self) -> str:
        """The hash of the journal's last line."""
        self._need_lock()
        return self._journal.head()

    def read(self, path: str) -> bytes:
        """The bytes of a file of the tree; `path` is relative to the root, and no link is followed below it."""
        *folder, name = path.split("/")
        descriptor = open_below(self._root, tuple(folder))
        try:
            return _content(name, descriptor)
        finally:
            os.close(descriptor)

    # --- the write protocol, in its order

    def _drafts(self, plis: Sequence[Pli], now: datetime) -> tuple[list[Draft], dict[str, Filed]]:
        """What is to be filed, in folders that exist; and what is in its folder already, by digest."""
        drafts: dict[str, Draft] = {}
        known: dict[str, Filed] = {}
        for pli in plis:
            check(pli)
            if pli.digest in drafts or pli.digest in known:
                continue
            leaf = self._leaf(pli)
            there = self._filed_in(leaf, pli.digest)
            if there is not None:
                known[pli.digest] = there
                continue
            drafts[pli.digest] = self._draft(pli, leaf, {one.filed.id for one in drafts.values()}, now)
        return list(drafts.values()), known

    def _leaf(self, pli: Pli) -> Parts:
        """The folder of a pli, made when missing: at once, so that the next of the group finds it by its code."""
        parts = tuple(names.component(part) for part in pli.folder)
        wanted = names.fit(parts if parts[0] == OWN else (self._agency, *parts))
        leaf = self._folders.resolve(wanted)
        self._folders.descriptor((*leaf, sidecar.FOLDER), make=True)
        return leaf

    def _filed_in(self, leaf: Parts, digest: str) -> Filed | None:
        folder, name = (*leaf, sidecar.FOLDER), sidecar.name(names.whole_id(digest))
        if not self._folders.holds(folder, name):
            return None
        return filed(sidecar.decode(_content(name, self._folders.descriptor(folder))), leaf, "/".join((*folder, name)))

    def _draft(self, pli: Pli, leaf: Parts, taken: set[str], now: datetime) -> Draft:
        """The draft under the shortest id that nobody else bears, here or in the index."""
        whole = names.whole_id(pli.digest)
        for length in range(names.SHORT, len(whole) + 1):
            short = whole[:length]
            if short in taken or self._bearer(short) not in {None, pli.digest}:
                continue
            one = draft(pli, leaf, short, now, self._version)
            if not any(self._folders.holds(target.folder, target.name) for target in one.promise.documents):
                return one
        raise FileExistsError(f"every name for the pli {whole} is taken in {'/'.join(leaf)}")

    def _commit(self, drafts: list[Draft], now: datetime, actor: str) -> None:
        """Steps 2 to 6. An error before the commit point takes everything out again."""
        if not drafts:
            return
        plan = promise.plan(tuple(one.promise for one in drafts), now, actor)
        name = self._plan_name(drafts[0])
        try:
            self._stage(drafts, name, plan)
            self._place([move for one in drafts for move in one.moves()])
            self._place([one.commit() for one in drafts])
        except OSError:
            self._undo(drafts, name)
            raise
        self._plans |= {one.filed.sidecar: name for one in drafts}
        self._owed += [_line(one, actor) for one in plan.promises]
        with suppress(DiskFull):  # committed all the same: the lines stay owed
            self._pay(now)

    def _plan_name(self, first: Draft) -> str:
        number = 1
        while self._folders.holds(TMP, f"{first.filed.id}.{number}{promise.SUFFIX}"):
            number += 1
        return f"{first.filed.id}.{number}{promise.SUFFIX}"

    def _stage(self, drafts: list[Draft], name: str, plan: Plan) -> None:
        """Everything in `_ged/tmp`, and the plan: durable before the first final name."""
        files = [file for one in drafts for file in one.files()]
        descriptor = self._folders.descriptor(TMP, make=True)
        self._disk.write_all([*files, (name, promise.encode(plan))], descriptor)
        self._disk.sync_folder(descriptor, "/".join(TMP))

    def _place(self, moves: Sequence[tuple[str, promise.Target]]) -> None:
        """Final names, never over what is there; one fsync a folder."""
        for staged, target in moves:
            folder = self._folders.descriptor(target.folder, make=True)
            self._disk.rename_new(staged, self._folders.descriptor(TMP), target.name, folder)
            self._folders.touch(target.folder)
        self._folders.flush()

    def _undo(self, drafts: list[Draft], name: str) -> None:
        """Take a group out again: sidecars first, so that a crash here leaves each pli whole or without a sidecar."""
        for one in drafts:
            self._unlink_ours(one.promise.sidecar)
        self._folders.flush()
        self._withdraw([one.promise for one in drafts])
        for staged in [name for one in drafts for name, _ in one.files()]:
            self._disk.unlink(staged, self._folders.descriptor(TMP))
        self._disk.unlink(name, self._folders.descriptor(TMP))

    def _withdraw(self, promises: Sequence[Promise]) -> int:
        """Take out the documents of plis that have no sidecar, durably. Returns how many there were."""
        count = sum(self._unlink_ours(target) for one in promises for target in one.documents)
        self._folders.flush()
        return count

    def _unlink_ours(self, target: promise.Target) -> bool:
        """Only if it holds what we put there: a name that a person took since is theirs."""
        if not self._folders.holds(target.folder, target.name):
            return False
        folder = self._folders.descriptor(target.folder)
        if sha256(_content(target.name, folder)).hexdigest() != target.sha256:
            return False
        self._disk.unlink(target.name, folder)
        self._folders.touch(target.folder)
        return True

    # --- after the commit point, and after a crash

    def _pay(self, now: datetime) -> None:
        """The journal lines that are owed, in their order, before any other."""
        self._journal.append(self._owed, now)
        self._owed.clear()

    def _stands(self, one: Promise) -> bool:
        return self._folders.holds(one.sidecar.folder, one.sidecar.name)

    def _harden(self, committed: Sequence[Promise]) -> None:
        """Visible isn't durable: the process that renamed these may have died before its fsync."""
        for folder in {target.folder for one in committed for target in (*one.documents, one.sidecar)}:
            self._folders.descriptor(folder, make=True)
            self._folders.touch(folder)
        self._folders.flush()

    def _read_back(self, one: Promise) -> Filed:
        record = sidecar.decode(_content(one.sidecar.name, self._folders.descriptor(one.sidecar.folder)))
        return filed(record, one.sidecar.folder[:-1], one.sidecar.path)

    def _unwritten(self, plan: Plan, committed: Sequence[Promise]) -> list[Event]:
        written = set(self._journal.events(plan.day)) if committed else set()
        return [line for one in committed if (line := _line(one, plan.actor)) not in written]

    def _read_plans(self) -> list[tuple[str, Plan]]:
        """The plans that are whole; no target of a torn one was ever touched."""
        plans = []
        folder = self._folders.descriptor(TMP)
        for name in sorted(os.listdir(folder)):  # noqa: PTH208  pathlib can't list a descriptor
            if name.endswith(promise.SUFFIX):
                with suppress(ValueError):
                    plans.append((name, promise.decode(_content(name, folder))))
        return plans

    def _clear_tmp(self) -> None:
        """Everything but the plans that wait to be settled."""
        folder = self._folders.descriptor(TMP)
        names = set(os.listdir(folder))  # noqa: PTH208  pathlib can't list a descriptor
        for name in sorted(names - set(self._plans.values())):
            self._disk.unlink(name, folder)

    def _need_lock(self) -> None:
        if not self._locked:
            raise RuntimeError("the tree is written under its lock only: with tree.lock(30): ...")


def _content(name: str, folder: int) -> bytes:
    with os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder), "rb") as file:
        return file.read()


def _line(one: Promise, actor: str) -> Event:
    return Event(one.op, one.id, one.digest, one.sidecar.sha256, actor)
