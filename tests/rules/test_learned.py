"""The agency's own layer over the shipped model: bounded, reversible, inspectable."""

from dataclasses import replace

import pytest

from rules import learned
from rules.classify import classify
from rules.learned import BOUND, NOTHING, Layer, Lesson, layer, likenesses, shifts, traits, weigh
from rules.letter import Address, Alert, Label, Letter, Verdict

TURNS = (
    "Bonjour, pourriez-vous me faire passer le référent sérénité cette semaine ? Merci beaucoup, Paul.",
    "Madame, nous aurions besoin du référent sérénité chez nous, rue Pasteur. Bien à vous.",
    "Bonjour le référent sérénité devait venir mardi, je l'attends toujours. Cordialement",
    "Salut, c'est pour le passage du référent sérénité, quand est-il disponible ? bonne journée",
    "Bonjour, à l'étage du dessus ils ont eu le référent sérénité, et nous ? Merci de l'envoyer.",
    "Le référent sérénité est demandé au 3e gauche svp. Mme Ortiz",
    "Bonjour, je souhaite un passage du référent sérénité dès que possible, je suis là le matin.",
    "Bonsoir, merci de programmer le référent sérénité pour le studio. Bonne soirée",
    "Madame, Monsieur, veuillez faire venir le référent sérénité. Salutations distinguées.",
    "bjr, référent sérénité svp appt 12, merci",
)
ELEVENTH = Letter(text="Bonjour, est-ce que le référent sérénité pourrait passer jeudi chez moi ? Merci d'avance, Lina")
SURE = Verdict(  # as sure as a model can be of what is new to it
    Label.REQUEST,
    0.9999,
    because="Lu comme une demande.",
    runner_up=Label.OFF_TOPIC,
    chances=((Label.REQUEST, 0.9999), (Label.OFF_TOPIC, 0.0001)),
)
DOUBTFUL = replace(SURE, confidence=0.55, chances=((Label.REQUEST, 0.55), (Label.WORKS, 0.3), (Label.OFF_TOPIC, 0.15)))
LEAVING = Letter(
    subject="Congé",
    text="Bonjour, je vous donne mon congé : je quitterai l'appartement le 31 mars et je rendrai les clés. "
    "Le référent sérénité pourrait passer ce jour-là chez moi.",
)


def lessons(label: Label = Label.WORKS, was: Label = Label.REQUEST, turns: tuple[str, ...] = TURNS) -> list[Lesson]:
    return [Lesson(f"e{n}", was, label, traits(Letter(text=text))) for n, text in enumerate(turns)]


def weighed(letter: Letter, known: Layer) -> Verdict:
    return weigh(classify(letter), letter, known)


def chance(verdict: Verdict, label: Label) -> float:
    return dict(verdict.chances)[label]


def test_ten_corrections_of_a_new_turn_of_phrase_change_the_eleventh() -> None:
    taught = weigh(SURE, ELEVENTH, layer(lessons()))

    assert taught.label is Label.WORKS
    assert "10 lettres semblables" in taught.because
    assert SURE.because in taught.because


def test_one_correction_alone_swings_nothing() -> None:
    one = layer(lessons()[:1])

    sure, doubtful = weigh(SURE, ELEVENTH, one), weigh(DOUBTFUL, ELEVENTH, one)

    assert (sure.label, doubtful.label) == (Label.REQUEST, Label.WORKS), "it decides between two that are close"
    assert chance(sure, Label.REQUEST) > 0.95
    assert chance(doubtful, Label.REQUEST) > 0.25


def test_a_correction_says_nothing_of_letters_that_are_not_like_it() -> None:
    leak = Letter(subject="Fuite", text="Il y a une fuite sous l'évier, l'eau coule dans la cuisine du voisin.")

    assert weighed(leak, layer(lessons(Label.ACCOUNTS))) == classify(leak)


def test_no_number_of_corrections_turns_a_clear_departure() -> None:
    many = layer(lessons(was=Label.DEPARTURE, turns=tuple(LEAVING.text for _ in range(200))))

    taught = weighed(LEAVING, many)

    assert taught.label is Label.DEPARTURE
    assert Alert.DEPARTURE in taught.alerts


def test_an_unclear_departure_may_be_taken_away_and_its_alert_stays() -> None:
    doubtful = replace(
        SURE,
        label=Label.DEPARTURE,
        confidence=0.4,
        alerts=(Alert.DEPARTURE,),
        chances=((Label.DEPARTURE, 0.4), (Label.WORKS, 0.3), (Label.REQUEST, 0.3)),
    )

    taught = weigh(doubtful, ELEVENTH, layer(lessons(was=Label.DEPARTURE)))

    assert taught.label is Label.WORKS
    assert taught.alerts == (Alert.DEPARTURE,)


def test_a_departure_that_people_taught_raises_its_alert() -> None:
    taught = weigh(SURE, ELEVENTH, layer(lessons(Label.DEPARTURE)))

    assert taught.label is Label.DEPARTURE
    assert Alert.DEPARTURE in taught.alerts


@pytest.mark.parametrize(
    "raised",
    [replace(SURE, urgent=True), replace(SURE, alerts=(Alert.INSTITUTION,))],
    ids=["urgent", "institution"],
)
def test_no_correction_puts_danger_or_an_alert_aside_as_off_topic(raised: Verdict) -> None:
    taught = weigh(raised, ELEVENTH, layer(lessons(Label.OFF_TOPIC)))

    assert taught.label is raised.label


def test_what_a_layer_moves_is_bounded_whatever_it_was_taught() -> None:
    thousand = layer(lessons(turns=tuple(ELEVENTH.text for _ in range(1000))))

    moved = shifts(likenesses(ELEVENTH, thousand))

    assert all(abs(shift) <= BOUND for shift in moved.values())


def test_a_layer_without_a_lesson_is_as_if_that_one_had_never_been() -> None:
    known = lessons()

    assert layer([*known, *known[:1]][:-1]) == layer(known)
    assert weigh(SURE, ELEVENTH, layer([])) is SURE
    assert weigh(SURE, ELEVENTH, NOTHING) is SURE


def test_corrections_that_contradict_each_other_cancel_out() -> None:
    known = [*lessons(Label.WORKS), *lessons(Label.ACCOUNTS)]

    taught = weigh(SURE, ELEVENTH, layer(known))

    assert taught.label is SURE.label


def test_every_lesson_that_weighs_is_told_with_the_words_that_are_alike() -> None:
    alike = likenesses(ELEVENTH, layer(lessons()))

    assert {one.lesson.key for one in alike} == {f"e{n}" for n in range(10)}
    assert all("referent_serenite" in one.shared for one in alike)
    assert [one.degree for one in alike] == sorted((one.degree for one in alike), reverse=True)


def test_the_name_of_whoever_writes_teaches_nothing() -> None:
    ours = Letter(
        sender=Address("Zébulon Quintrec", "zebulon.quintrec@example.org"), text="Cordialement, Zébulon Quintrec"
    )

    assert not {trait for trait in traits(ours) if "quintrec" in trait or "zebulon" in trait}


def test_no_number_is_ever_a_trait() -> None:
    assert not {
        trait
        for trait in traits(Letter(text="Appelez le 06 12 34 56 78 avant le 31/12/2026, bail L00113"))
        if any(c in "123456789" for c in trait)
    }


def test_a_letter_of_any_length_has_a_bounded_number_of_traits() -> None:
    long = Letter(text=" ".join(f"mot{n}x sérénité{n}y" for n in range(20_000)))

    assert len(traits(long)) <= learned.MOST
