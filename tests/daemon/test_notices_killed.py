"""Killed before any one effect of filing and started again: the month's notice is filed once and queued once."""

import json
from pathlib import Path

from archive import index
from archive.durable import Disk
from archive.records import Duty, Outgoing
from archive.tree import Tree
from daemon import pipeline
from tests.daemon.test_notices import BY_MAIL, Agency, agency, notice
from tests.notices import few_accounts

__all__ = ["agency", "few_accounts"]


class Killed(BaseException):
    """No `Exception`: nobody tidies up."""


def started(agency: Agency, disk: Disk) -> None:
    """A process of its own has a tree of its own: it knows what stands on the disk, and nothing else."""
    ours, archive = agency.app.config.agency, agency.app.config.storage.archive
    agency.app.desk.tree = Tree(archive, f"{ours.name} [{ours.code}]", "0", bearer=index.bearer, disk=disk)


def dispatched(agency: Agency, effects: int) -> bool:
    """Make what is approved, and die before that many effects and one more; False when that happened."""
    left = effects

    def count(_effect: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    started(agency, Disk(count))
    try:
        agency.dispatch()
    except Killed:
        return False
    return True


def keys_filed(archive: Path) -> list[str]:
    sides = [json.loads(path.read_text("utf-8")) for path in archive.rglob(".ged/*.json")]
    return [side["document"]["key"] for side in sides]


def test_killed_before_any_effect_each_notice_is_filed_and_queued_once(agency: Agency) -> None:
    """Each round is a correction of the one before: one office for all."""
    effects, whole = 0, False
    while not whole:
        agency.prepare(BY_MAIL)
        agency.approve()
        whole = dispatched(agency, effects)

        started(agency, Disk())
        pipeline.resume(agency.app.desk)
        agency.dispatch()

        made = notice(BY_MAIL, version=effects + 1)
        assert made.digest
        assert keys_filed(agency.app.config.storage.archive).count(made.key) == 1
        assert Outgoing.select().where(Outgoing.key == made.key).count() == 1
        assert Duty.get_by_id(made.key).done_at
        effects += 1

    assert effects > 20
    assert len(set(keys_filed(agency.app.config.storage.archive))) == effects
