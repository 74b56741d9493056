"""The printed notice: read back from its bytes, looked at as a scanner or an envelope's window would."""

import ctypes
import gc
import io
import json
import platform
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from fontTools.ttLib import TTFont

from daemon.errors import Permanent
from daemon.notices import page
from daemon.pdf import DATA, FACES, missing_fonts, render
from rules import epc, period
from rules.labels import Mode
from rules.ledger import Entry
from rules.notice import Named, Notice, facts
from rules.plan import Role
from rules.reckoning import compute
from tests.accounts import HOUSE, entry, leases, movements

NOVEMBER = period.parse("2026-11")
MM = 72 / 25.4  # points
SAMPLE = ("L00101", "L00105", "L00112", "L00113", "L00118", "L00119", "L00120", "L00159")  # every variant of the page


@cache
def sample(lease: str) -> Notice:
    terms, people = leases()[lease]
    notice = compute(terms, people, movements()[lease], NOVEMBER, date(2026, 10, 31)).notice
    assert notice is not None
    return notice


@cache
def printed(lease: str) -> bytes:
    return render(sample(lease), HOUSE)


def text(pdf: bytes) -> str:
    """What the document says, each run of blanks as one space."""
    with pypdfium2.PdfDocument(pdf) as document:
        return " ".join(" ".join(document[i].get_textpage().get_text_range() for i in range(len(document))).split())


def pages(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return len(document.pages)


def codes(pdf: bytes) -> list[str]:
    """The QR codes of the first page, as a telephone would read them."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [found.text for found in zxingcpp.read_barcodes(document[0].render(scale=2.5).to_pil())]


def characters(pdf: bytes) -> list[tuple[str, float, float]]:
    """The characters of the first page with their left edge and baseline, in millimetres from the top left."""
    with pypdfium2.PdfDocument(pdf) as document:
        height, shown = document[0].get_height(), document[0].get_textpage()
        found = []
        for index in range(shown.count_chars()):
            left, bottom, _, _ = shown.get_charbox(index)
            found.append((shown.get_text_range(index, 1), left / MM, (height - bottom) / MM))
        return [(letter, x, y) for letter, x, y in found if letter.strip()]


def noticed(
    entries: list[Entry], people: list[Named] | None = None, today: date = date(2026, 10, 31), **change: Any
) -> Notice:
    terms, named = leases()["L00107"]
    notice = compute(replace(terms, **change), people or named, entries, NOVEMBER, today).notice
    assert notice is not None
    return notice


def say(amount: Decimal) -> str:
    return " ".join(page.euros(amount).split())


@pytest.mark.parametrize("lease", SAMPLE)
def test_every_amount_of_the_notice_is_on_the_paper(lease: str) -> None:
    notice, said = sample(lease), text(printed(lease))

    amounts = [abs(notice.total_due), *(line.amount for line in notice.lines), abs(notice.past.closing)]
    amounts += [amount for row in notice.past.rows for amount in (row.debit, row.credit) if amount]
    amounts += [amount for receipt in notice.receipts for amount in (receipt.rent, receipt.charges, receipt.total)]
    assert [amount for amount in amounts if say(amount) not in said] == []


def test_the_document_has_two_titled_parts() -> None:
    said = text(printed("L00101"))

    assert "Avis d’échéance" in said
    assert "Quittance de loyer terme d’octobre 2026, du 1er au 31 octobre 2026" in said
    assert "huit cent vingt-sept euros et dix-huit centimes (827,18 €)" in said
    assert "Prélèvement du 5 octobre 2026, 827,18 €." in said


def test_a_code_for_the_tenants_space_is_printed_where_there_is_one() -> None:
    with_code = text(render(replace(sample("L00101"), activation_code="4F7K-22QX"), HOUSE))

    assert "Espace client : votre code d’activation est 4F7K-22QX." in with_code
    assert "Espace client" not in text(printed("L00101"))


def test_a_part_payment_is_called_a_receipt_and_no_quittance() -> None:
    partial = compute(*leases()["L00104"], movements()["L00104"], NOVEMBER, date(2026, 10, 31)).notice
    assert partial is not None

    said = text(render(replace(partial, receipts=partial.receipts[:1]), HOUSE))

    assert "Reçu terme d’octobre 2026" in said
    assert "Reste dû pour ce terme : 53,62 €. Ce reçu ne vaut pas quittance." in said
    assert "Quittance de loyer" not in said


@pytest.mark.parametrize("lease", SAMPLE)
def test_nothing_on_the_paper_is_conditional(lease: str) -> None:
    assert "sous réserve" not in text(printed(lease)).lower()


@pytest.mark.parametrize("lease", ["L00105", "L00118", "L00119"])
def test_the_qr_code_on_the_paper_fills_in_the_right_transfer(lease: str) -> None:
    notice = sample(lease)

    bank = HOUSE.bank
    assert codes(printed(lease)) == [
        epc.payload(bank.holder, bank.iban, bank.bic, notice.total_due, f"{lease} 2026-11")
    ]


@pytest.mark.parametrize("lease", ["L00101", "L00113", "L00112"])
def test_direct_debits_and_credits_show_no_account_to_pay_into(lease: str) -> None:
    said = text(printed(lease))

    assert codes(printed(lease)) == []
    assert not any(word in said for word in ("IBAN", "FR76", "Pour régler", "talon"))


def test_a_direct_debit_shows_date_amount_and_mandate() -> None:
    said = text(printed("L00101"))

    assert "889,36 € prélevés le 5 novembre 2026" in said
    assert "sera prélevée le 5 novembre 2026" in said
    assert "mandat RA-L00101-1, créancier FR00ZZZ000000" in said


def test_a_direct_debit_whose_day_is_past_is_no_promise() -> None:
    on_the_day, later = (replace(sample("L00101"), issued_on=date(2026, 11, day)) for day in (5, 24))

    assert "prélevés le 5 novembre 2026" in text(render(on_the_day, HOUSE))
    said = text(render(later, HOUSE))
    assert "889,36 € prélèvement du 5 novembre 2026" in said
    assert "Cette somme relève du prélèvement du 5 novembre 2026 (mandat RA-L00101-1" in said
    assert "s’il a été effectué, vous n’avez rien à faire" in said
    assert "sera prélevée" not in said


def test_the_particulars_of_the_law_are_on_every_page() -> None:
    with pypdfium2.PdfDocument(printed("L00118")) as document:
        assert len(document) == 2
        for number in range(2):
            said = document[number].get_textpage().get_text_range()
            assert HOUSE.legal.card in said
            assert HOUSE.legal.guarantor in said


LONG: dict[str, Any] = {
    "property": "Résidence Les Terrasses du Fond-Cacao et de l'Anse-Colibri",
    "lot": "Bâtiment C, escalier 3, porte 1507",
    "address": "112 boulevard du Maréchal-de-Lattre-de-Tassigny-Prolongé",
    "city": "Saint-Germain-en-Laye-sur-Rhône",
}
MANY = [
    Named(Role.TENANT, "de La Tour d'Auvergne-Lauraguais", "Marie-Élisabeth Clémentine", "Mme"),
    Named(Role.CO_TENANT, "NGUYỄN-PERROT", "Thu Hà"),
    Named(Role.CO_TENANT, "Østergaard", "Søren"),
    Named(Role.CO_TENANT, "KOVAČEVIĆ", "Milica"),
]


FIVE = [
    Named(Role.TENANT, "de La Tour d'Auvergne-Lauraguais", "Marie-Élisabeth", "Mme"),
    Named(Role.CO_TENANT, "Nguyễn-Perrot", "Thu Hà", "Mme"),
    Named(Role.CO_TENANT, "Østergaard-Villeneuve", "Søren", "M."),
    Named(Role.CO_TENANT, "Kovačević-Montgolfier", "Milica", "Mme"),
    Named(Role.CO_TENANT, "Rakotomalala-Andriamanana", "Jean-Baptiste", "M."),
]


@pytest.mark.parametrize(
    "notice",
    [
        sample("L00101"),
        sample("L00118"),
        noticed(movements()["L00107"], MANY, **LONG),
        noticed(movements()["L00107"], FIVE),
        noticed(movements()["L00107"], [*FIVE, *FIVE[1:3]], address="112 boulevard du Maréchal-de-Lattre-de-Tassigny"),
    ],
)
def test_the_window_of_the_envelope_shows_the_address_and_nothing_else(notice: Notice) -> None:
    lines, _ = page.window(notice.tenants, notice.lease)
    wanted = sorted("".join("".join(lines).replace("'", "’").split()))

    shown = characters(render(notice, HOUSE))
    # 35 × 100 mm at 20 mm from the right and the bottom of a DL envelope; a folded sheet may slip by 10 mm in it.
    may_show = [letter for letter, x, y in shown if 90 < x < 200 and 44 < y < 90 - 2]
    always_shows = [letter for letter, x, y in shown if 100 < x < 190 and 55 < y < 79.5]

    assert sorted(may_show) == sorted(always_shows) == wanted


@pytest.mark.parametrize(
    ("count", "size", "names"),
    [
        (2, "six", [1, 1]),
        (4, "seven", [1, 1, 1, 1]),
        (5, "eight", [1, 1, 1, 1, 1]),
        (7, "eight", [1, 2, 1, 1, 2]),
        (8, "eight", [8]),
    ],
)
def test_names_share_lines_in_the_window_only_where_they_must_and_none_is_cut(
    count: int, size: str, names: list[int]
) -> None:
    notice = noticed(movements()["L00107"], [*FIVE, *FIVE[1:4]][:count])

    lines, found = page.window(notice.tenants, notice.lease)

    assert (found, [1 + line.count(", ") for line in lines[:-3]]) == (size, names)
    assert len(page.address(notice.tenants, notice.lease)) <= page.LINES, "what a postal provider takes"


def test_long_names_and_accents_stay_on_one_page() -> None:
    pdf = render(noticed(movements()["L00107"], MANY, **LONG), HOUSE)

    assert pages(pdf) == 1
    assert "Mme Marie-Élisabeth Clémentine de La Tour d’Auvergne-Lauraguais, Thu Hà Nguyễn-Perrot" in text(pdf)


def test_an_address_that_no_window_holds_is_refused_and_quoted() -> None:
    endless = noticed(movements()["L00107"], address="rue " * 150)

    with pytest.raises(Permanent, match=r"202611-L00107: the address is too long .* rue rue"):
        render(endless, HOUSE)


def test_many_lines_take_two_pages_and_lose_none() -> None:
    paid = [
        entry("2026-10-09", "reglement", f"Virement part {n}", credit="20", reference=f"VIR-{n}") for n in range(30)
    ]

    pdf = render(noticed([*movements()["L00107"], *paid]), HOUSE)

    assert pages(pdf) == 2
    assert all(f"Virement part {n} " in text(pdf) for n in range(30))


def test_the_same_notice_gives_the_same_bytes_whatever_was_printed_before() -> None:
    first = render(sample("L00105"), HOUSE)
    render(sample("L00112"), HOUSE)

    assert render(sample("L00105"), HOUSE) == first


def test_the_notices_data_are_in_the_document() -> None:
    with pikepdf.open(io.BytesIO(printed("L00105"))) as document:
        attached = document.attachments[DATA]
        data = json.loads(attached.get_file().read_bytes())
        relation = attached.obj.AFRelationship

    assert data == json.loads(json.dumps(facts(sample("L00105"))))
    assert relation == "/Data"


@pytest.mark.parametrize("lease", SAMPLE)
def test_the_document_says_that_it_lasts_and_that_it_can_be_read_aloud(lease: str) -> None:
    with pikepdf.open(io.BytesIO(printed(lease))) as document:
        metadata, root = document.open_metadata(), document.Root

        assert metadata.pdfa_status == "3A"
        assert metadata["pdfuaid:part"] == "1"
        assert root.MarkInfo.Marked
        assert root.Lang == "fr"
        assert root.ViewerPreferences.DisplayDocTitle
        assert "/StructTreeRoot" in root
        assert root.OutputIntents[0].S == "/GTS_PDFA1"
        assert all(figure.get("/Alt") for figure in structure(document, "/Figure"))


def structure(document: pikepdf.Pdf, kind: str) -> list[Any]:
    return [found for found in document.objects if isinstance(found, pikepdf.Dictionary) and found.get("/S") == kind]


@pytest.mark.parametrize("lease", SAMPLE)
def test_one_family_of_fonts_is_embedded_and_no_other(lease: str) -> None:
    with pikepdf.open(io.BytesIO(printed(lease))) as document:
        named = [
            found
            for found in document.objects
            if isinstance(found, pikepdf.Dictionary) and found.get("/Type") == "/FontDescriptor"
        ]

        assert {str(found.FontName).split("+")[1] for found in named} <= {"House", "House-Semi-Bold"}
        assert all("/FontFile2" in found for found in named)


@pytest.mark.parametrize("face", FACES)
def test_the_figures_are_tabular(face: str) -> None:
    with TTFont(page.folder("fonts") / face) as font:
        widths = {font["hmtx"][font.getBestCmap()[ord(figure)]][0] for figure in "0123456789"}

    assert len(widths) == 1


def test_a_missing_font_is_named(tmp_path: Path) -> None:
    assert missing_fonts() == ()
    assert missing_fonts(tmp_path) == tuple(str(tmp_path / face) for face in FACES)


def test_a_letter_that_the_font_lacks_stops_that_notice_only() -> None:
    chinese = noticed(movements()["L00107"], [Named(Role.TENANT, "王", "Wei", "Mme")])

    with pytest.raises(Permanent, match=r"202611-L00107: the font has no '王' \(U\+738B\)"):
        render(chinese, HOUSE)

    assert render(sample("L00105"), HOUSE) == printed("L00105")


@pytest.mark.parametrize(
    "house",
    [
        replace(HOUSE, bank=replace(HOUSE.bank, iban="FR7630006000011234567890188")),
        replace(HOUSE, bank=replace(HOUSE.bank, holder="")),
        replace(HOUSE, logo=b"no image at all"),
    ],
)
def test_a_fault_of_the_house_is_told_with_the_notice(house: Any) -> None:
    with pytest.raises(Permanent, match="notice 202611-L00105: "):
        render(sample("L00105"), house)


def test_a_fault_in_a_template_is_told_with_the_notice() -> None:
    unheard_of = replace(sample("L00105"), receipts=(replace(sample("L00105").receipts[0], period=None),))  # type: ignore[arg-type]

    with pytest.raises(Permanent, match="notice 202611-L00105: "):
        render(unheard_of, HOUSE)


def test_a_logo_takes_the_place_of_the_name() -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="16"><path d="M0 0h60v16H0z"/></svg>'
    plain, drawn = text(printed("L00101")), text(render(sample("L00101"), replace(HOUSE, logo=svg)))

    assert drawn.count("Régie Aubrelac") == plain.count("Régie Aubrelac") - 1


def test_names_are_never_taken_for_html() -> None:
    said = text(render(noticed(movements()["L00107"], [Named(Role.TENANT, "<b>Martin</b> & Cie", "", "")]), HOUSE))

    assert said.count("<b>Martin</b> & Cie") >= 2, "beside the reference and in the window"
    assert "&amp;" not in said


def test_a_departed_tenants_debt_is_a_statement() -> None:
    debt = [entry("2026-09-01", "appel", "Loyer septembre 2026", "1012", reference="APP-202609-L00107")]
    left = noticed(debt, left_on=date(2026, 9, 30), postal=("3 chemin Vert", "44000 NANTES"), payment=Mode.TRANSFER)

    said = text(render(left, HOUSE))

    assert "Relevé de compte" in said
    assert "Bail terminé le 30 septembre 2026" in said
    assert "Avis d’échéance" not in said


def test_a_quarter_is_said_as_a_quarter() -> None:
    terms, people = leases()["L00107"]
    notice = compute(terms, people, [], period.quarter(2026, 4), date(2026, 9, 25)).notice
    assert notice is not None

    said = text(render(notice, HOUSE))

    assert "Terme d’octobre à décembre 2026, du 1er octobre 2026 au 31 décembre 2026" in said
    assert "Votre compte de juillet à septembre 2026" in said


def test_what_a_receipt_covers_beside_rent_and_charges_is_named() -> None:
    said = text(render(noticed(movements()["L00107"]), HOUSE))

    assert "Loyer : 1 012,00 € Charges : 95,00 € Stationnement octobre 2026 : 60,00 € Total reçu : 1 167,00 €" in said


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (Mode.OFFSET, "Compensation, le 5 octobre 2026, avec une somme qui vous était due, 1"),
        (Mode.AID, "Aide au logement versée à l’agence le 5 octobre 2026, 1"),
        (Mode.CASH, "Espèces reçues le 5 octobre 2026, 1"),
        (Mode.TRANSFER, "Virement du 5 octobre 2026, 1"),
    ],
)
def test_a_receipt_says_how_and_when_it_was_paid(mode: Mode, said: str) -> None:
    notice = noticed(movements()["L00107"])
    (receipt,) = notice.receipts
    day = date(2026, 10, 5)
    paid = tuple(replace(one, mode=mode, received=day) for one in receipt.paid)

    assert said in text(render(replace(notice, receipts=(replace(receipt, paid=paid),)), HOUSE))


def test_the_first_notice_of_a_lease_restates_no_empty_month() -> None:
    new = text(render(noticed([], start=date(2026, 11, 1)), HOUSE))
    deposit = [entry("2026-10-28", "appel", "Dépôt de garantie", "1012", reference="DG-L00107")]
    paid_before = text(render(noticed(deposit, start=date(2026, 11, 1)), HOUSE))

    assert "Premier avis de ce bail : votre compte n’a pas encore d’opération." in new
    assert "Réglé" not in new
    assert "Premier avis" not in paid_before
    assert "Dépôt de garantie" in paid_before


def test_a_correction_says_which_notice_it_replaces() -> None:
    assert "Annule et remplace l’avis n° 202611-L00101." in text(
        render(replace(sample("L00101"), replaces="202611-L00101"), HOUSE)
    )


class Heap(ctypes.Structure):
    """What glibc's mallinfo2 returns; `used` is the eighth of ten sizes."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in ["a", "b", "c", "d", "e", "f", "g", "used", "h", "i"])


def heap() -> int:
    gc.collect()
    ask = ctypes.CDLL("libc.so.6").mallinfo2
    ask.restype = Heap
    return int(ask().used)


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="asks glibc what is in use")
def test_a_page_leaves_nothing_behind_in_memory() -> None:
    """40 kB a page would be 800 MB in a run of 20,000."""
    for _ in range(5):
        render(sample("L00105"), HOUSE)
    before = heap()

    for _ in range(20):
        render(sample("L00105"), HOUSE)

    assert (heap() - before) / 20 < 4096


@pytest.mark.slow
def test_every_notice_of_the_sample_is_printed() -> None:
    for lease in leases():
        if compute(*leases()[lease], movements()[lease], NOVEMBER, date(2026, 10, 31)).notice is not None:
            assert pages(printed(lease)) <= 2
