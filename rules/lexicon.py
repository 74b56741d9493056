"""What the rules say to a manager: the French sentences of `because`, and words too common to explain anything."""

# ruff: noqa: SIM905  a list of words is easier to read as a text

from rules.letter import Alert, Label

UNSURE = 0.6  # below, the sentence names the second reading too

NAMES = {
    Label.DEPARTURE: "un départ",
    Label.WORKS: "une réclamation de travaux",
    Label.ACCOUNTS: "une réclamation de comptabilité",
    Label.COMPLAINT: "une réclamation",
    Label.REQUEST: "une demande",
    Label.OFF_TOPIC: "une lettre sans rapport avec une location",
}

RAISED = {
    Alert.DEPARTURE: "un départ est possible",
    Alert.INSTITUTION: "une institution ou un conseil écrit",
    Alert.DEATH: "il est question d'un décès",
    Alert.VIOLENCE: "il est question de violences",
    Alert.SENSITIVE: "il est question de santé ou de situation sociale",
}

# The notions (rules.notions) whose words explain a reading to a manager; others may weigh, but say little alone.
EXPLAINS = {
    Label.DEPARTURE: frozenset(
        "leave left end_lease notice departure exit_report next_home moving_gear successor last clearing_out".split()
    ),
    Label.WORKS: frozenset("equipment broken damp pest repair cold danger decent".split()),
    Label.ACCOUNTS: frozenset("rent charges payment amount deposit fees wrong_sum aid".split()),
    Label.COMPLAINT: frozenset("noise dirt behaviour no_answer staff anger neighbour landlord_notice".split()),
    Label.REQUEST: frozenset(
        "document insurance permit change_details portal add_person appointment extra renew instalments".split()
    ),
    Label.OFF_TOPIC: frozenset(
        "landlord_self owner applicant job supplier syndic machine away bounce bulk scam thanks all_well fixed".split()
    ),
}

# Articles, pronouns, greetings: they may weigh, but a manager learns nothing from them.
COMMON = frozenset(
    (
        "bonjour bonsoir madame monsieur cordialement merci avec pour dans vous nous votre notre vos nos mon mes une "
        "des les que qui est sont suis etes sommes pas plus par sur aux son ses leur ete etre avoir ont avez avons "
        "cette ces ce cet tout tous toute bien tres aussi mais donc car comme sans sous entre apres avant jour 0 the "
        "and for you your our not are was have has this that with from moi lui elle ils elles dont chez fait faire"
    ).split()
)


def is_common(word: str) -> bool:
    return word in COMMON


def because(label: Label, second: Label, confidence: float, told: str, alerts: tuple[Alert, ...], leaving: str) -> str:
    """One sentence for the manager: the reading, the words that decided, what rings, the words of a departure."""
    reading = f"Lu comme {NAMES[label]}"
    if confidence < UNSURE:
        reading += f" (ou peut-être {NAMES[second]})"
    reading += f", à cause de {_quoted(told)}" if told else ", sans phrase qui décide à elle seule"
    rung = [RAISED[alert] for alert in alerts if not (alert is Alert.DEPARTURE and label is Label.DEPARTURE)]
    if leaving and leaving != told and RAISED[Alert.DEPARTURE] in rung:
        rung[rung.index(RAISED[Alert.DEPARTURE])] += f", à cause de {_quoted(leaving)}"
    return "\u202f; ".join([reading, *rung]) + "."


def _quoted(told: str) -> str:
    return f"«\u00a0{told}\u00a0»"
