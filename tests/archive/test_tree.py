"""A pli is filed whole, under a name that lasts, and can be proved by a stranger."""

import json
import os
import threading
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from archive import names
from archive.durable import Disk, FsyncFailed
from archive.tree import Document, Locked, Pli, Tree
from tests import plis
from tests.plis import AGENCY, DAY, JPEG, LEASE, NOW, file, pli, tree


def test_a_letter_is_filed_byte_for_byte_where_people_look_for_it(tmp_path: Path) -> None:
    raw = b"From: a@b\nSubject: \xff\xfe bare newlines, no charset\r\n\n\0\r"

    (filed,) = file(tree(tmp_path), pli("Fuite salle de bain", raw=raw))

    leaf = f"{AGENCY}/Immeubles/0042 - 12 rue des Lilas, Montreuil/Lot A12/Bail B01234 - DUPONT Marie/2026"
    assert filed.path == f"{leaf}/2026-11-24 13h32 Reçu - Fuite salle de bain [{filed.id}].eml"
    assert (tmp_path / filed.path).read_bytes() == raw
    assert tree(tmp_path).read(filed.path) == raw


def test_the_sidecar_says_what_it_is_and_proves_it(tmp_path: Path) -> None:
    (filed,) = file(tree(tmp_path), pli(attachments=[("photo fuite.jpeg", JPEG)]))

    text = (tmp_path / filed.sidecar).read_text()
    read = json.loads(text)
    original, photo = read["files"]
    assert text == json.dumps(read, ensure_ascii=False, sort_keys=True, indent=2) + "\n"
    assert filed.record == read
    assert read["id"] == names.whole_id(filed.digest)
    assert filed.sidecar.endswith(f"/.ged/{read['id']}.json")
    assert read["dates"] == {"received": "2026-11-24T13:32:05+00:00", "filed": "2026-11-24T13:32:05+00:00"}
    assert (original["role"], original["sha256"], original["type"]) == ("original", filed.digest, "message/rfc822")
    assert photo == {
        "derived": True,
        "name": f"2026-11-24 13h32 Reçu - Fuite salle de bain [{filed.id}] PJ/01 photo fuite.jpg",
        "role": "attachment",
        "sha256": sha256(JPEG).hexdigest(),
        "size": len(JPEG),
        "type": "application/octet-stream",
    }


def test_documents_can_t_be_written_over_by_accident(tmp_path: Path) -> None:
    (filed,) = file(tree(tmp_path), pli())

    assert (tmp_path / filed.path).stat().st_mode & 0o777 == 0o440
    assert (tmp_path / filed.sidecar).stat().st_mode & 0o777 == 0o440


def test_a_group_is_journaled_in_its_order(tmp_path: Path) -> None:
    filed = file(tree(tmp_path), *(pli(f"Lettre {n}") for n in range(20)))

    assert [fields[3:] for fields in plis.journal(tmp_path)] == [
        ["FILE", one.id, one.digest, sha256((tmp_path / one.sidecar).read_bytes()).hexdigest(), "daemon"]
        for one in filed
    ]


def test_the_same_letter_twice_is_filed_once(tmp_path: Path) -> None:
    first = file(tree(tmp_path), pli(), pli())
    again = file(tree(tmp_path), pli(), now=NOW + timedelta(days=1))

    assert first == [*again, *again]
    assert len(plis.filed_lines(tmp_path)) == 1


def test_the_same_subject_and_time_make_two_names(tmp_path: Path) -> None:
    one, other = file(tree(tmp_path), pli(raw=b"one"), pli(raw=b"other"))

    assert one.path != other.path
    assert {(tmp_path / each.path).read_bytes() for each in (one, other)} == {b"one", b"other"}


def test_a_tenant_who_married_keeps_one_folder(tmp_path: Path) -> None:
    renamed = names.lease_folder("0042", "Résidence neuve", "Montreuil", "a12", "B01234", "MARTIN Marie", 2026)

    one, other = file(tree(tmp_path), pli("avant"), pli("après", renamed))
    (later,) = file(tree(tmp_path), pli("bien après", renamed))

    assert {Path(each.path).parent for each in (one, other, later)} == {Path(one.path).parent}


def test_an_agency_that_changed_its_name_keeps_its_folder(tmp_path: Path) -> None:
    (before,) = file(tree(tmp_path), pli("avant"))

    (after,) = file(Tree(tmp_path, "Aubrelac & Fils [AG01]", "0.1.0"), pli("après"))

    assert Path(after.path).parent == Path(before.path).parent


def test_a_folder_that_a_person_renamed_is_found_by_its_code(tmp_path: Path) -> None:
    into = tree(tmp_path)
    (before,) = file(into, pli("avant"))
    lease = (tmp_path / before.path).parent.parent
    lease.rename(lease.with_name("Bail B01234 - DUPONT (voir le dossier papier)"))

    (after,) = file(into, pli("après"))

    assert "voir le dossier papier" in after.path


def test_a_folder_that_a_person_removed_is_made_again(tmp_path: Path) -> None:
    into = tree(tmp_path)
    (before,) = file(into, pli("avant", DAY))
    day = (tmp_path / before.path).parent
    day.rename(tmp_path.parent / "moved away")

    (after,) = file(into, pli("après", DAY))

    assert Path(after.path).parent == Path(before.path).parent


def test_a_short_id_that_is_taken_gets_longer(tmp_path: Path) -> None:
    short = names.whole_id(pli().digest)[:8]
    into = Tree(tmp_path, AGENCY, "0.1.0", bearer=lambda asked: "another digest" if asked == short else None)

    (filed,) = file(into, pli())

    assert filed.id == names.whole_id(filed.digest)[:9]
    assert f"[{filed.id}]" in filed.path


def test_a_name_that_a_person_took_is_left_to_them(tmp_path: Path) -> None:
    (elsewhere,) = file(tree(tmp_path / "elsewhere"), pli())
    theirs = tmp_path / "GED" / elsewhere.path
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"a note of mine")

    (filed,) = file(tree(tmp_path / "GED"), pli())

    assert theirs.read_bytes() == b"a note of mine"
    assert filed.path != elsewhere.path


@pytest.mark.parametrize("depth", range(1, 6))
def test_a_symbolic_link_in_the_tree_leads_nowhere(tmp_path: Path, depth: int) -> None:
    root, outside = tmp_path / "GED", tmp_path / "outside"
    into = tree(root)
    outside.mkdir()
    folder = root.joinpath(*(AGENCY, *LEASE)[:depth])
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(outside)

    with pytest.raises(OSError, match="Not a directory"):
        file(into, pli())

    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    "path", ["../secret", "a/../../secret", "/etc/hostname", "link/secret", "link", "", "a//b", "./x"]
)
def test_nothing_outside_the_tree_is_read(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret").write_text("secret")
    into = tree(tmp_path / "GED")
    (tmp_path / "GED" / "link").symlink_to(tmp_path)

    with pytest.raises((OSError, ValueError)):
        into.read(path)


def test_hostile_attachments_stay_in_their_folder(tmp_path: Path) -> None:
    hostile = [("../../../etc/cron.d/x", b"x"), ("C:\\autoexec.bat", b"x"), ("\0", b"x"), ("..", b"x"), ("a/b", b"x")]

    (filed,) = file(tree(tmp_path), pli(attachments=hostile))

    folder = (tmp_path / filed.path).with_suffix("").with_name(f"{Path(filed.path).stem} PJ")
    assert sorted(path.name for path in folder.iterdir()) == [
        "01 etc-cron.d-x.txt", "02 C--autoexec.bat.bloqué", "03.txt", "04.txt", "05 a-b.txt",
    ]  # fmt: skip
    assert plis.verify(tmp_path)[0] == 0


def test_two_attachments_of_one_name_are_both_kept(tmp_path: Path) -> None:
    (filed,) = file(tree(tmp_path), pli(attachments=[("photo.jpg", JPEG), ("PHOTO.JPG", JPEG + b"2")]))

    assert [Path(each["name"]).name for each in filed.record["files"][1:]] == ["01 photo.jpg", "02 PHOTO.jpg"]


@pytest.mark.parametrize("attachments", [(), [("y" * 300 + ".jpg", JPEG)]])
def test_no_path_is_longer_than_a_file_manager_takes(tmp_path: Path, attachments: list[tuple[str, bytes]]) -> None:
    deep = names.lease_folder("0042", "Résidence " * 9, "Lyon", "Garage double", "B01234", "DE LA TOUR " * 9, 2026)

    (filed,) = file(tree(tmp_path), pli("é" * 300, deep, attachments))

    paths = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if "_ged" not in path.parts]
    assert max(map(len, paths)) <= 200
    assert max(len(part.encode()) for path in paths for part in path.split("/")) <= 120
    assert f"[{filed.id}]" in filed.path
    assert "Reçu" in filed.path


def test_several_documents_of_one_kind_have_names_of_their_own(tmp_path: Path) -> None:
    first = pli()
    more = tuple(Document("", "pdf", "application/pdf", b"%PDF-1.7\n" + bytes([n])) for n in range(2))

    (filed,) = file(tree(tmp_path), Pli(first.digest, LEASE, first.title, (*more, *first.documents), {}))

    names_ = [each["name"] for each in filed.record["files"]]
    assert names_ == [f"{first.title} [{filed.id}]{ending}" for ending in (".eml", ".pdf", " 2.pdf")]


def test_a_damaged_header_can_t_stop_the_filing(tmp_path: Path) -> None:
    odd = pli()
    record = {"subject": "half a character \ud83d and a tab\t", "to": ("a@b",), "decision": {"confidence": 0.5}}

    (filed,) = file(tree(tmp_path), Pli(odd.digest, LEASE, "\ud83d", odd.documents, record))

    assert filed.record["subject"] == "half a character \ufffd and a tab\t"
    assert plis.verify(tmp_path) == (0, "Conforme : 1 documents, 1 fiches, 1 lignes de journal.\n")


def test_bytes_that_are_not_those_received_are_refused(tmp_path: Path) -> None:
    true = pli()
    changed = Document("", "original", "message/rfc822", true.documents[0].content + b"\n")

    with pytest.raises(ValueError, match="not the bytes that were received"):
        file(tree(tmp_path), Pli(true.digest, LEASE, true.title, (changed,), {}))

    assert plis.journal(tmp_path) == []


def test_a_record_can_t_set_what_proves_the_documents(tmp_path: Path) -> None:
    true = pli()

    with pytest.raises(ValueError, match="can't set files"):
        file(tree(tmp_path), Pli(true.digest, LEASE, true.title, true.documents, {"files": []}))


def test_an_actor_with_a_name_is_refused_before_anything_is_filed(tmp_path: Path) -> None:
    into = tree(tmp_path)

    with into.lock(1), pytest.raises(ValueError, match="Marie Dupont"):
        into.file([pli()], NOW, "Marie Dupont")

    assert not [path for path in plis.documents(tmp_path) if path.endswith(".eml")]


def test_the_tree_is_not_written_without_its_lock(tmp_path: Path) -> None:
    into = tree(tmp_path)

    with pytest.raises(RuntimeError, match="under its lock"):
        into.file([pli()], NOW, "daemon")


def test_a_second_writer_waits_and_is_told_who_is_writing(tmp_path: Path) -> None:
    first, second = tree(tmp_path), tree(tmp_path)

    with first.lock(1), pytest.raises(Locked, match=f"held by process {os.getpid()} on "), second.lock(0.05):
        pass

    with second.lock(0):
        assert second.file([pli()], NOW, "daemon")


def test_a_writer_who_waits_gets_its_turn(tmp_path: Path) -> None:
    first, second = tree(tmp_path), tree(tmp_path)
    waiting = threading.Thread(target=lambda: file(second, pli("second")))

    with first.lock(1):
        waiting.start()
        first.file([pli("first")], NOW, "daemon")
    waiting.join()

    assert [line[1] for line in plis.journal(tmp_path)] == ["1", "2"]
    assert plis.verify(tmp_path)[0] == 0


def test_a_revision_stands_beside_what_it_revises(tmp_path: Path) -> None:
    into = tree(tmp_path)
    (filed,) = file(into, pli())
    before = (tmp_path / filed.sidecar).read_bytes()

    with into.lock(1):
        second = into.revise(filed.sidecar, {"kind": "congé"}, NOW, "cli:root")
        third = into.revise(filed.sidecar, {"kind": "demande"}, NOW, "cli:root")
        into.settle([second, third])

    assert (tmp_path / filed.sidecar).read_bytes() == before
    assert second.sidecar == filed.sidecar.replace(".json", ".r2.json")
    assert third.sidecar == filed.sidecar.replace(".json", ".r3.json")
    assert (third.id, third.digest, third.path, third.record["kind"]) == (filed.id, filed.digest, filed.path, "demande")
    assert [fields[3] for fields in plis.journal(tmp_path)] == ["FILE", "REVISE", "REVISE"]
    assert plis.verify(tmp_path)[0] == 0


def test_what_happens_to_a_pli_later_is_one_line_more(tmp_path: Path) -> None:
    into = tree(tmp_path)
    (filed,) = file(into, pli())

    with into.lock(1):
        into.note("OPEN", filed.id, filed.digest, NOW, "daemon")
        into.note("SENT", filed.id, "", NOW, "daemon")

    assert [fields[3:] for fields in plis.journal(tmp_path)][1:] == [
        ["OPEN", filed.id, filed.digest, "-", "daemon"],
        ["SENT", filed.id, "-", "-", "daemon"],
    ]


def test_a_tree_of_another_format_is_not_touched(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "_ged" / "FORMAT").write_text("vaguemestre-ged 9\n")

    with pytest.raises(ValueError, match="'vaguemestre-ged 9', this software writes 'vaguemestre-ged 1'"):
        tree(tmp_path)


def test_a_tree_explains_itself(tmp_path: Path) -> None:
    tree(tmp_path)

    assert "CE DOSSIER SE LIT SANS LOGICIEL" in (tmp_path / "LISEZ-MOI.txt").read_text()
    assert (tmp_path / "_ged" / "FORMAT").read_text() == "vaguemestre-ged 1\n"
    assert os.access(tmp_path / "_ged" / "verifier.sh", os.X_OK)


def test_a_system_that_can_t_rename_without_replacing_links_instead(tmp_path: Path) -> None:
    one, other = file(tree(tmp_path, Disk(renameat2=None)), pli("un"), pli("deux"))

    assert (tmp_path / one.path).stat().st_nlink == 1
    assert (tmp_path / other.path).read_bytes() == plis.letter("deux")
    assert list((tmp_path / "_ged" / "tmp").iterdir()) == []


def test_a_failed_fsync_is_no_error_that_a_loop_could_swallow() -> None:
    read_end, write_end = os.pipe()

    with pytest.raises(FsyncFailed, match="process must end"):
        Disk().sync(write_end, "a pipe can't be fsynced")

    assert not issubclass(FsyncFailed, Exception)
    os.close(read_end)
    os.close(write_end)


def test_a_group_of_plis_costs_one_fsync_a_file_and_one_a_folder(tmp_path: Path) -> None:
    effects: list[str] = []
    into = tree(tmp_path, Disk(effects.append))
    file(into, pli("première", DAY))
    effects.clear()

    file(into, *(pli(f"Lettre {n}", DAY) for n in range(50)))

    fsyncs = [effect for effect in effects if effect.startswith("fsync")]
    assert len(fsyncs) == 50 * 2 + len(("plan", "tmp", "leaf", ".ged", "journal"))


def test_a_hundred_and_fifty_leases_at_once_need_few_descriptors(tmp_path: Path) -> None:
    folders = [names.lease_folder("0042", "Lilas", "Lyon", f"A{n}", f"B{n}", "DUPONT", 2026) for n in range(150)]
    before = len(list(Path("/proc/self/fd").iterdir()))

    filed = file(tree(tmp_path), *(pli(f"Lettre {n}", folder) for n, folder in enumerate(folders)))

    assert len({Path(one.path).parent for one in filed}) == 150
    assert len(list(Path("/proc/self/fd").iterdir())) == before
