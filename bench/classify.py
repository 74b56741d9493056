"""How well letters are understood, and how fast: `python -m bench.classify [--ablations]`.

Each of the eight hands of the corpus is held out in turn: weights, calibration and thresholds come from the other hands
(and from the letters written to mend gaps), so no letter is judged by what it taught. It takes some minutes of one
core.
"""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.svm import LinearSVC

from rules.classify import classify, held, verdict
from rules.features import counting
from rules.fold import fold
from rules.letter import Alert, Label, Verdict
from rules.reading import read
from rules.tagging import sentences
from rules.weights import parse, shipped
from training.corpus import HANDS, Example, examples
from training.model import HEADS, Array, Keys, calibrate, held_out, keyed, table, vocabulary
from training.thresholds import thresholds
from training.train import TARGET

# What a few keywords do, in order: the rules that this model replaces.
KEYWORDS = (
    (Label.OFF_TOPIC, ("ne pas répondre", "absent du bureau", "unsubscribe", "désinscri", "newsletter", "devis")),
    (Label.DEPARTURE, ("préavis", "congé", "résili", "je quitte", "déménag", "état des lieux de sortie", "moving out")),
    (Label.ACCOUNTS, ("charges", "prélèvement", "dépôt de garantie", "rembours", "facture", "trop-perçu", "relance")),
    (Label.WORKS, ("fuite", "panne", "chauffage", "chaudière", "moisi", "eau chaude", "volet", "cafard", "ascenseur")),
    (Label.COMPLAINT, ("bruit", "voisin", "tapage", "inadmissible", "sans réponse", "poubelle", "sale")),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A letter and the verdict on it by what never saw its hand."""

    example: Example
    verdict: Verdict


def judged(letters: Sequence[Example], scores: Array) -> list[Judged]:
    of = np.array([example.hand for example in letters])
    found: list[Judged] = []
    for hand in HANDS:
        others = np.isin(of, [other for other in HANDS if other != hand])
        told = [example for example, kept in zip(letters, others, strict=True) if kept]
        weights = replace(
            shipped(),
            calibration=tuple(map(tuple, calibrate(scores[others], [example.label.value for example in told]))),
            thresholds=thresholds(scores[others], told),
        )
        for place in np.flatnonzero(of == hand).tolist():
            letter = letters[place].letter
            reading = read(letter)
            said = held(dict(zip(HEADS, map(float, scores[place]), strict=True)), weights)
            told_by = sentences(counting(reading))
            found.append(Judged(letters[place], verdict(letter, reading, told_by, said, weights)))
    return found


# --- figures


def part(of: Iterable[bool]) -> float:
    counted = list(of)
    return sum(counted) / len(counted) if counted else float("nan")


def accuracy(found: Iterable[Judged]) -> float:
    return part(one.verdict.label is one.example.label for one in found)


def macro_f1(found: Sequence[Judged]) -> float:
    told = [one.example.label.value for one in found]
    return float(f1_score(told, [one.verdict.label.value for one in found], average="macro", zero_division=0))


def raised(found: Iterable[Judged], *, leaving: bool) -> float:
    return part(
        Alert.DEPARTURE in one.verdict.alerts for one in found if (one.example.label is Label.DEPARTURE) is leaving
    )


def flag(found: Iterable[Judged], name: str, *, told: bool) -> float:
    """How often `name` is raised among the letters that have it (`told`) or that don't."""
    return part(getattr(one.verdict, name) for one in found if getattr(one.example, name) is told)


def answered(found: Iterable[Judged]) -> float:
    """Robots that an acknowledgement would answer, judged from the text alone."""
    return part(
        not one.verdict.automated and one.verdict.label is not Label.OFF_TOPIC for one in found if one.example.automated
    )


def confident(found: Sequence[Judged], share: float = 0.8) -> float:
    kept = sorted(found, key=lambda one: -one.verdict.confidence)[: round(len(found) * share)]
    return accuracy(kept)


COLUMNS: tuple[tuple[str, Callable[[list[Judged]], float]], ...] = (
    ("accuracy", accuracy),
    ("macro-F1", macro_f1),
    ("departures", lambda found: raised(found, leaving=True)),
    ("false dep.", lambda found: raised(found, leaving=False)),
    ("urgent", lambda found: flag(found, "urgent", told=True)),
    ("false urg.", lambda found: flag(found, "urgent", told=False)),
    ("registered", lambda found: flag(found, "registered", told=True)),
    ("false reg.", lambda found: flag(found, "registered", told=False)),
    ("robots seen", lambda found: flag(found, "automated", told=True)),
    ("answered", answered),
    ("false rob.", lambda found: flag(found, "automated", told=False)),
    ("best 80 %", confident),
)


def by(found: Sequence[Judged], title: str, key: Callable[[Judged], str]) -> None:
    print(f"\n{title:14}  letters " + " ".join(f"{name:>11}" for name, _ in COLUMNS))
    rows: list[list[float]] = []
    for name in sorted({key(one) for one in found}):
        group = [one for one in found if key(one) == name]
        rows.append([figure(group) for _, figure in COLUMNS])
        print(f"{name:14} {len(group):8} " + " ".join(f"{value:11.3f}" for value in rows[-1]))
    print(f"{'mean':14} {len(found):8} " + " ".join(f"{value:11.3f}" for value in np.nanmean(rows, axis=0)))


def classes(found: Sequence[Judged]) -> None:
    print("\nlabel                     precision   recall  taken for (most often)")
    for label in Label:
        told = [one for one in found if one.example.label is label]
        said = [one for one in found if one.verdict.label is label]
        wrong = [one.verdict.label.value for one in told if one.verdict.label is not label]
        often = sorted(set(wrong), key=wrong.count, reverse=True)[:3]
        others = ", ".join(f"{name} {wrong.count(name)}" for name in often)
        print(f"{label.value:26} {accuracy(said):8.3f} {accuracy(told):8.3f}  {others}")


def reliability(found: Sequence[Judged]) -> None:
    print("\nconfidence   letters   mean   right")
    for low in (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99):
        high = {0.0: 0.4, 0.9: 0.95, 0.95: 0.99, 0.99: 1.01}.get(low, low + 0.1)
        group = [one for one in found if low <= one.verdict.confidence < high]
        if group:
            mean = sum(one.verdict.confidence for one in group) / len(group)
            print(f"{low:.2f}-{min(high, 1):.2f} {len(group):11} {mean:7.3f} {accuracy(group):7.3f}")


def speed(letters: Sequence[Example]) -> None:
    start = time.perf_counter()
    parse(TARGET.read_bytes())
    loaded = time.perf_counter() - start
    classify(letters[0].letter)
    start, spent = time.perf_counter(), time.process_time()
    for example in letters:
        classify(example.letter)
    wall, core = time.perf_counter() - start, time.process_time() - spent
    size = TARGET.stat().st_size
    print(f"\nweights {size / 1e6:.2f} MB, read in {loaded:.3f} s")
    print(f"{len(letters) / wall:.0f} letters/s by the clock, {len(letters) / core:.0f} letters per CPU second")


# --- beside ours


def keyword_label(example: Example) -> Label:
    text = fold(f"{example.letter.subject} {example.letter.text}")
    return next((label for label, signs in KEYWORDS if any(fold(sign) in text for sign in signs)), Label.REQUEST)


def baselines(letters: Sequence[Example]) -> None:
    texts = [f"{example.letter.subject}\n{example.letter.text}" for example in letters]
    labels = np.array([example.label.value for example in letters])
    of = np.array([example.hand for example in letters])
    keyword, linear = [], []
    for hand in HANDS:
        here = of == hand
        keyword.append(
            part(keyword_label(letters[place]) is letters[place].label for place in np.flatnonzero(here).tolist())
        )
        words = TfidfVectorizer(strip_accents="unicode", ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        rows = words.fit_transform([texts[place] for place in np.flatnonzero(~here).tolist()])
        model = LinearSVC(random_state=7).fit(rows, labels[~here])
        said = model.predict(words.transform([texts[place] for place in np.flatnonzero(here).tolist()]))
        linear.append(part(said == labels[here]))
    print(f"\nkeywords {np.mean(keyword):.3f}; TF-IDF and linear SVM on the same letters {np.mean(linear):.3f}")


def ablations(letters: Sequence[Example], found: Sequence[Keys]) -> None:
    print("\nwithout                accuracy")
    whole = list(zip(letters, found, strict=True))
    for block in found[0]:
        less = [(example, {**keys, block: set[int]()}) for example, keys in whole]
        print(f"{block:20} {_mean_accuracy(less):10.3f}", flush=True)
    for hand in sorted({example.hand for example in letters} - set(HANDS)):
        print(f"{hand:20} {_mean_accuracy([one for one in whole if one[0].hand != hand]):10.3f}", flush=True)
    print(f"{'any of these files':20} {_mean_accuracy([one for one in whole if one[0].hand in HANDS]):10.3f}")


def _mean_accuracy(told: Sequence[tuple[Example, Keys]]) -> float:
    letters = [example for example, _ in told]
    keys = [key for _, key in told]
    rows = table(keys, vocabulary(keys))
    labels = np.array([example.label.value for example in letters])
    of = np.array([example.hand for example in letters])
    right = []
    for hand in HANDS:
        model = LinearSVC(C=0.5, random_state=7).fit(rows[of != hand], labels[of != hand])
        right.append(part(model.predict(rows[of == hand]) == labels[of == hand]))
    return float(np.mean(right))


def main() -> None:
    letters = examples()
    found = [keyed(example) for example in letters]
    scores = held_out(table(found, vocabulary(found)), letters, HANDS)
    told = judged(letters, scores)
    by(told, "hand", lambda one: one.example.hand)
    by(told, "difficulty", lambda one: one.example.difficulty)
    by(told, "language", lambda one: one.example.language)
    classes(told)
    reliability(told)
    print(f"\nright among the 80 % most confident, all hands together: {confident(told):.3f}")
    baselines(letters)
    speed([example for example in letters if example.hand == "dev"])
    if "--ablations" in sys.argv:
        ablations(letters, found)


if __name__ == "__main__":
    main()
