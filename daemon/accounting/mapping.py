"""How another software's export is read: which column says what, which account is which lease, which rows don't count.

A mapping is a section `[imports.<name>]` of the configuration, or a TOML file that it names. Everything wrong in it is
told when the configuration is read. Patterns are regular expressions; they are looked for in any case, with the accents
as written or without.
"""

import codecs
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from rules.fold import fold
from rules.ledger import Kind

_A_DAY = date(2026, 11, 24)


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression ({error})") from None
    return text


def _encoding(text: str) -> str:
    try:
        return text and codecs.lookup(text).name
    except LookupError:
        raise ValueError('no known encoding; write "cp1252", "utf-8", "utf-16" or "" to find out') from None


def _day_format(text: str) -> str:
    if text and not all(sign in text for sign in ("%d", "%m")):
        raise ValueError('a form of dates names its parts: "%d/%m/%Y", "%d%m%y", "%Y%m%d"')
    if text and not re.search("%y", text, re.IGNORECASE):
        raise ValueError('the year is missing: "%d/%m/%Y"')
    return text


def _several(value: object) -> object:
    """One name, or a list of them."""
    return (value,) if isinstance(value, str) and value else value or ()


Pattern = Annotated[str, AfterValidator(_pattern)]
Names = Annotated[tuple[str, ...], BeforeValidator(_several)]


class Columns(BaseModel):
    """The headings of the export; `amount` stands for `debit` and `credit` where one column has both directions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: str = Field(min_length=1, examples=["Date"])
    label: Names = Field(examples=["Libellé"])  # several are joined
    reference: Names = Field(examples=["Pièce"])
    account: str = ""
    debit: str = ""
    credit: str = ""
    amount: str = ""
    side: str = ""  # D or C beside an amount without a sign
    kind: str = ""
    entry: Names = ()  # the entry of double-entry accounting that a line is part of: its debits are its credits

    @model_validator(mode="after")
    def _says_amounts(self) -> Self:
        problems = []
        if not (self.label and self.reference):
            problems.append("label and reference each name a column")
        if bool(self.amount) == bool(self.debit and self.credit) or (self.amount and (self.debit or self.credit)):
            problems.append("name both debit and credit, or amount alone")
        if self.side and not self.amount:
            problems.append("side stands beside amount")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """Every heading that the export must have."""
        single = (self.date, self.account, self.debit, self.credit, self.amount, self.side, self.kind)
        return tuple(dict.fromkeys(name for name in (*single, *self.label, *self.reference, *self.entry) if name))


class ImportMapping(BaseModel):
    """One export's form. What is left out is found out, or isn't there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = ""  # a TOML file with all the other keys
    match: tuple[str, ...] = ()  # names of files that accounting mails in this form: "grand-livre*.csv"
    encoding: Annotated[str, AfterValidator(_encoding)] = ""
    separator: Literal["", ";", ",", "\t", "|"] = ""
    header: int = Field(default=0, ge=0)  # the line of the headings; 0: the first line that has them all
    columns: Columns
    date_format: Annotated[str, AfterValidator(_day_format)] = ""
    sign: Literal["debit", "credit"] = "debit"  # what an amount above zero is
    account_row: Pattern = ""  # a row that names the account of those below it; its first group is the account
    only: Pattern = ""  # the accounts that are tenants', in a ledger that has others: their rows are left out
    lease: Pattern = ""  # the lease within the account; its first group
    accounts: dict[str, str] = Field(default_factory=dict)  # account -> lease, where no pattern says it
    kinds: dict[Pattern, Literal["appel", "reglement", "regularisation", "avoir", "frais"]] = Field(
        default_factory=dict
    )
    skip: tuple[Pattern, ...] = ()  # rows that are no movement: totals, balances carried
    end: Pattern = ""  # the row that closes a whole export

    @model_validator(mode="after")
    def _finds_leases(self) -> Self:
        problems = []
        if bool(self.columns.account) == bool(self.account_row):
            problems.append("the account stands in columns.account or in rows of its own (account_row): name one")
        if self.account_row and not re.compile(self.account_row).groups:
            problems.append("account_row: put the account between parentheses")
        if not (self.kinds or self.columns.kind):
            problems.append(f"kinds: say which labels are {', '.join(Kind)}")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def counts(self, account: str) -> bool:
        """Whether an account is a tenant's."""
        return not self.only or bool(re.search(self.only, account, re.IGNORECASE))

    def lease_of(self, account: str) -> str:
        """The lease of an account; `''` when nothing says which."""
        if (named := self.accounts.get(account)) is not None:
            return named
        if not self.lease:
            return "" if self.accounts else account
        found = re.search(self.lease, account, re.IGNORECASE)
        if found is None:
            return ""
        inner = next((group for group in found.groups() if group), found[0])
        return self.accounts.get(inner, inner)

    def kind_of(self, *texts: str) -> str:
        """The nature of a movement, by the first pattern that fits one of these texts; `''` when none does."""
        return next((kind for text in texts for pattern, kind in self.kinds.items() if fits(pattern, text)), "")


def fits(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text, accents or none, capitals or none."""
    return any(re.search(pattern, form, re.IGNORECASE) for form in (text, fold(text)))


def mapping_for(name: str, mappings: Mapping[str, ImportMapping]) -> ImportMapping | None:
    """The mapping of a file that came by mail, by its name; None: it has our own columns."""
    wanted = fold(name)
    found = (one for one in mappings.values() if any(fnmatch(wanted, fold(pattern)) for pattern in one.match))
    return next(found, None)


def with_files(written: object, base: Path | None) -> object:
    """The sections as written, those that name a file completed by it. Raises ValueError with what can't be read."""
    if not isinstance(written, Mapping):
        return written
    return {name: _completed(name, section, base) for name, section in written.items()}


def _completed(name: str, section: Any, base: Path | None) -> Any:
    if not isinstance(section, Mapping) or not isinstance(section.get("file"), str) or not section["file"]:
        return section
    path = (base or Path()) / section["file"]
    try:
        read = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ValueError(f"{name}: {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: {path}: {error}") from None
    return {**read, **section}


def names_of(mappings: Iterable[str]) -> str:
    return ", ".join(sorted(mappings)) or "none is configured"
