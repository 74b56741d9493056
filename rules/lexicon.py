"""The words of the rules: the tables in which the agency's French is written, each row with its reason."""

from rules.letter import Label

# A departure at least this probable is raised as an alert, whatever the label: a missed one costs months of rent.
PLAUSIBLE = 0.10

NAMES = {
    Label.DEPARTURE: "un départ",
    Label.WORKS: "une réclamation de travaux",
    Label.ACCOUNTS: "une réclamation de comptabilité",
    Label.COMPLAINT: "une réclamation",
    Label.REQUEST: "une demande",
    Label.OFF_TOPIC: "une lettre étrangère à la location",
}


def because(label: Label, told: list[str]) -> str:
    """One sentence for the manager: the reading and the words that decided."""
    if not told:
        return f"Lu comme {NAMES[label]} : rien de plus précis dans le texte."
    return f"Lu comme {NAMES[label]} : " + ", ".join(f"« {word} »" for word in told) + "."
