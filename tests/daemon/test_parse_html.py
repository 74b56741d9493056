"""What a person reads in an HTML mail."""

import time

import pytest

from daemon.reading.html_text import readable


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>un</p><p>deux</p>", "un\n\ndeux"),
        ("<div>un</div><div>deux</div>", "un\ndeux"),
        ("<div>un<div>deux</div></div>", "un\ndeux"),
        ("un<br>deux<br/><br />trois", "un\ndeux\n\ntrois"),
        ("  un \n  <b>deux</b>\ttrois ", "un deux trois"),
        ("<ul><li>un<li>deux</ul>fin", "- un\n- deux\n\nfin"),
        ("<table><tr><td>Loyer</td><td>400</td></tr><tr><th>Total</th></tr></table>", "Loyer 400\nTotal"),
        ("<pre>un\n  deux</pre>", "un\n  deux"),
        ("l&#39;eau &amp; l&eacute;lectricit&eacute; &euro; &nbsp; &#x2019;", "l'eau & lélectricité € ’"),
        ("d&#x27;eau &lt;b&gt;", "d'eau <b>"),
        ("a < b et 3 <4 > 2", "a < b et 3 <4 > 2"),
        ("<P STYLE='x'>GRAND</P>", "GRAND"),
        ("pas de balise", "pas de balise"),
        ("", ""),
    ],
)
def test_paragraphs_lists_tables_and_entities_are_read(html: str, text: str) -> None:
    assert readable(html) == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<style>p { color: red }</style>",
        "<STYLE>p</style  >",
        "<script>alert('non')</script>",
        "<head><title>non</title></head>",
        "<!-- non -->",
        "<!--[if mso]><p>non</p><![endif]-->",
        "<div style='display:none'>non <div>non</div> non</div>",
        '<span style="font-size:0px; color:#fff">non</span>',
        '<div style="max-height:0; overflow:hidden">non</div>',
        '<span style="mso-hide:all;VISIBILITY: hidden">non</span>',
        "<p hidden>non</p>",
        "<?xml version='1.0'?>",
        "<!DOCTYPE html>",
        "<svg><text>non</text></svg>",
    ],
)
def test_what_is_not_shown_is_not_read(hidden: str) -> None:
    assert readable(f"<p>un</p>{hidden}<p>deux</p>") == "un\n\ndeux"


@pytest.mark.parametrize(
    "shown",
    [
        '<span style="font-size:0.9em">oui</span>',
        '<div style="max-height:0.5em">oui</div>',
        '<div style="display:block">oui</div>',
        '<div class="hidden-xs">oui</div>',
        '<div style="opacity:0.8">oui</div>',
    ],
)
def test_what_is_shown_is_read(shown: str) -> None:
    assert readable(shown) == "oui"


@pytest.mark.parametrize(
    "html",
    [
        "<p>un</p><div style='display:none'>deux <p>trois</p>",
        "<p>un</p><style>deux<p>trois</p>",
        "<p>un</p><!-- deux <p>trois</p>",
        "<head><p>un</p>deux<p>trois</p>",
    ],
)
def test_what_is_never_closed_hides_nothing(html: str) -> None:
    text = readable(html)

    assert "un" in text
    assert "trois" in text


def test_a_tag_cut_at_the_end_loses_no_text() -> None:
    assert readable("<p>Il y a une fuite</p><a href='http") == "Il y a une fuite\n\n<a href='http"


def test_quotations_are_marked_by_their_depth() -> None:
    html = (
        "<p>Nouveau</p><blockquote type='cite'><p>Ancien</p><blockquote>Plus ancien</blockquote></blockquote><p>Fin</p>"
    )

    assert readable(html) == "Nouveau\n\n> Ancien\n>\n> > Plus ancien\n\nFin"


def test_a_blockquote_that_only_indents_is_no_quotation() -> None:
    html = "<blockquote style='margin:0 0 0 40px;border:none;padding:0px'>Mon texte</blockquote>"

    assert readable(html) == "Mon texte"


def test_gmails_quotation_is_one_though_its_style_has_no_border() -> None:
    html = '<blockquote class="gmail_quote" style="margin:0;border:none">Ancien</blockquote>'

    assert readable(html) == "> Ancien"


@pytest.mark.parametrize(
    "html",
    [
        "<" * 1_000_000,
        "<a " * 300_000,
        "<!--" * 250_000,
        "<style>" * 150_000,
        "<style></style" * 70_000,
        "<div style='display:none'>" * 40_000,
        "<p " + "x" * 1_000_000,
        "<blockquote>a" * 70_000,
        "<blockquote>" * 80_000 + "</blockquote>a" * 70_000,
        "&#" * 500_000,
        "<pre>" + "a\n" * 400_000,
        "<td>" * 250_000,
    ],
    ids=lambda html: repr(html[:16]),
)
def test_a_hostile_page_takes_no_more_time_than_its_size(html: str) -> None:
    before = time.process_time()

    readable(html)

    assert time.process_time() - before < 5
