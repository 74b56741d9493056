"""A stranger with bash and sha256sum sees every change, and only changes."""

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from archive.durable import DISK
from archive.journal import Event, Journal
from archive.tree import Filed
from tests.plis import DAY, JPEG, NOW, file, pli, tree, verify


@pytest.fixture
def filed(tmp_path: Path) -> list[Filed]:
    """Four plis over two days, with names that trip a shell."""
    into = tree(tmp_path / "GED")
    first = file(into, pli("L'été, c'est \"chaud\" & $HOME `ls` #1 [a] {b}", attachments=[("photo d'été.jpg", JPEG)]))
    return first + file(into, pli("deux", DAY), pli("trois", DAY), pli("  quatre  ", DAY), now=NOW + timedelta(days=1))


@pytest.fixture
def root(tmp_path: Path, filed: list[Filed]) -> Path:
    return tmp_path / "GED"


def change(path: Path, content: bytes) -> None:
    path.chmod(0o640)
    path.write_bytes(content)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    change(path, bytes(content))


def first_day(root: Path) -> Path:
    return root / "_ged" / "journal" / "2026" / "2026-11-24.journal"


def test_a_whole_tree_is_found_whole(root: Path) -> None:
    assert verify(root) == (0, "Conforme : 5 documents, 4 fiches, 4 lignes de journal.\n")


def test_an_empty_tree_is_whole(tmp_path: Path) -> None:
    tree(tmp_path)

    assert verify(tmp_path) == (0, "Conforme : 0 documents, 0 fiches, 0 lignes de journal.\n")


def test_it_works_on_a_copy_and_from_anywhere(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "une copie, sur clé USB"
    shutil.copytree(root, copy)
    shutil.rmtree(root)

    by_name = subprocess.run(["bash", "verifier.sh"], cwd=copy / "_ged", check=False, capture_output=True)
    by_path = subprocess.run([str(copy / "_ged" / "verifier.sh")], cwd="/", check=False, capture_output=True)

    assert (by_name.returncode, by_path.returncode) == (0, 0)


def test_it_needs_only_the_tools_it_names(root: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "find", "sha256sum", "cut", "sort", "diff"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    script = ["bash", str(root / "_ged" / "verifier.sh")]

    done = subprocess.run(script, env={"PATH": str(tools)}, check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_it_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    subprocess.run(["bash", str(root / "_ged" / "verifier.sh")], env=os.environ | {"TMPDIR": str(scratch)}, check=True)

    assert list(scratch.iterdir()) == []


def test_a_flipped_bit_in_any_document_is_seen(root: Path, filed: list[Filed]) -> None:
    for one in filed:
        for name in [each["name"] for each in one.record["files"]]:
            path = (root / one.path).parent / name
            before = path.read_bytes()
            flip(path)

            code, said = verify(root)

            assert code == 1
            assert f"document altéré : ./{path.relative_to(root)}\n" in said
            change(path, before)


def test_a_missing_document_is_seen(root: Path, filed: list[Filed]) -> None:
    (root / filed[0].path).unlink()

    code, said = verify(root)

    assert code == 1
    assert f"document manquant : ./{filed[0].path}\n" in said


@pytest.mark.parametrize("name", ["note.txt", "une note.eml ", ".ged/note.txt", "a\\b", "a\nb", "-rf", "é\"'$(ls)"])
def test_a_file_too_many_is_seen(root: Path, filed: list[Filed], name: str) -> None:
    (root / filed[0].path).parent.joinpath(name).write_text("mine")

    code, said = verify(root)

    assert code == 1
    assert "fichier que nulle fiche ne connaît" in said


def test_a_file_that_only_adds_a_space_to_a_name_is_seen(root: Path, filed: list[Filed]) -> None:
    (root / f"{filed[0].path} ").write_text("mine")

    assert verify(root)[0] == 1


def test_a_link_is_seen(root: Path, filed: list[Filed]) -> None:
    path = root / filed[0].path
    content = path.read_bytes()
    path.unlink()
    (root.parent / "elsewhere").write_bytes(content)
    path.symlink_to(root.parent / "elsewhere")

    code, said = verify(root)

    assert code == 1
    assert f"ni fichier ni dossier : ./{filed[0].path}" in said


def test_a_pli_that_went_with_its_sidecar_is_missed_by_the_journal(root: Path, filed: list[Filed]) -> None:
    (root / filed[1].path).unlink()
    (root / filed[1].sidecar).unlink()

    code, said = verify(root)

    assert code == 1
    assert f"le journal connaît une fiche qui manque ou qui a changé : pli {filed[1].id}" in said


def test_a_pli_eliminated_by_the_rules_is_not_missed(root: Path, filed: list[Filed]) -> None:
    (root / filed[1].path).unlink()
    (root / filed[1].sidecar).unlink()
    Journal(root / "_ged" / "journal", DISK).append([Event("ELIMINATE", filed[1].id, filed[1].digest)], NOW)

    assert verify(root) == (0, "Conforme : 4 documents, 3 fiches, 5 lignes de journal.\n")


def test_a_sidecar_mended_to_fit_a_changed_document_is_seen(root: Path, filed: list[Filed]) -> None:
    path, sheet = root / filed[1].path, root / filed[1].sidecar
    change(path, b"forged")
    size = len(b"forged")
    forged = (
        sheet.read_text()
        .replace(filed[1].digest, "0" * 64)
        .replace(f'"size": {filed[1].record["files"][0]["size"]}', f'"size": {size}')
    )
    change(sheet, forged.encode())

    code, said = verify(root)

    assert code == 1
    assert f"fiche altérée, ou inconnue du journal : ./{filed[1].sidecar}" in said


def test_a_sidecar_that_is_no_sidecar_is_seen(root: Path, filed: list[Filed]) -> None:
    change(root / filed[1].sidecar, b"{}\n")

    code, said = verify(root)

    assert code == 1
    assert f"fiche illisible : ./{filed[1].sidecar}" in said


def test_every_changed_byte_of_a_journal_breaks_its_chain(root: Path) -> None:
    sound = first_day(root).read_bytes()
    for position in range(0, len(sound), 17):
        change(first_day(root), sound[:position] + bytes([sound[position] ^ 1]) + sound[position + 1 :])

        assert verify(root)[0] == 1, position


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_line_taken_from_the_journal_is_seen(root: Path, line: int) -> None:
    day = first_day(root).with_name("2026-11-25.journal")
    lines = day.read_bytes().splitlines(keepends=True)
    change(day, b"".join(lines[:line] + lines[line + 1 :]))

    assert verify(root)[0] == 1


def test_a_whole_day_taken_from_the_journal_is_seen(root: Path) -> None:
    first_day(root).unlink()

    code, said = verify(root)

    assert code == 1
    assert "chaîne du journal rompue" in said


def test_a_torn_last_line_is_seen(root: Path) -> None:
    with first_day(root).with_name("2026-11-25.journal").open("ab") as file_:
        file_.write(b"0000")

    code, said = verify(root)

    assert code == 1
    assert "ligne incomplète" in said


def test_a_part_of_the_tree_can_be_exported_and_verified(root: Path, filed: list[Filed]) -> None:
    (root / filed[0].path).parent.rename(root.parent / "left at home")
    (root / "manifest.jsonl").write_text("{}\n")
    first_day(root).unlink()

    assert verify(root) == (0, "Conforme : 3 documents, 3 fiches, 3 lignes de journal.\n")


def test_a_change_in_an_export_is_seen(root: Path, filed: list[Filed]) -> None:
    (root / "manifest.jsonl").write_text("{}\n")
    flip(root / filed[2].path)

    assert verify(root)[0] == 1


def test_a_long_journal_is_verified_in_pieces(root: Path) -> None:
    Journal(root / "_ged" / "journal", DISK).append([Event("VERIFY", "-")] * 4500, NOW)

    assert verify(root)[1] == "Conforme : 5 documents, 4 fiches, 4504 lignes de journal.\n"
