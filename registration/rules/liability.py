"""Who pays when wages of a posting stay unpaid, and on which article (Order 724, articles 16 to 22, 29, 30, 36, 37).

Read from the text of the Regulation. Where an article sends to other law (17, 19 paragraph 1) or is silent
on a case that occurs on sites, the entry is marked `reading`: it is how this project reads the law, for an
inspector to judge. Chapter 4 (articles 23 to 37) binds construction only, so a factory has no one who pays
first. Everything that an article makes depend on cause ("导致") is listed as if the cause were shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Text


class How(StrEnum):
    """In which way a firm pays."""

    CLEARS = "clears"  # 清偿: clears the arrears in its own name
    ADVANCES = "advances"  # 先行垫付: advances wages, up to the project money not yet settled
    FIRST = "first"  # 先行清偿: pays first and recovers it afterwards
    EMPLOYER = "employer"  # the employer owes the wages themselves
    BEHIND = "behind"  # stands behind an employer that does not pay: investors, successor


@dataclass(frozen=True)
class Firm:
    """A part of a project as plain values; `parent` is the part that engaged it.

    `role` and `engagement` as in Participation, `legal_form` and `standing` as in Organisation;
    `investors` are names as recorded, `successor` the name of the firm that took over.
    """

    id: int
    name: str
    role: str
    parent: int | None = None
    engagement: str = "lawful"
    legal_form: str = ""
    standing: str = "active"
    investors: str = ""
    successor: str = ""


@dataclass(frozen=True)
class Chain:
    """All parts of a project. `construction` is false for a factory that registers by its own will."""

    firms: dict[int, Firm]
    planning_breach: bool = False
    construction: bool = True

    def one(self, role: str) -> Firm | None:
        """The owner or the general contractor, if the project has one."""
        return next((firm for firm in self.firms.values() if firm.role == role), None)

    def line(self, firm: Firm) -> list[tuple[Firm, Firm]]:
        """(engaged, engaging) from the firm upwards; stops at a part seen before."""
        found: list[tuple[Firm, Firm]] = []
        seen = {firm.id}
        while firm.parent in self.firms and firm.parent not in seen:
            above = self.firms[firm.parent]
            found.append((firm, above))
            seen.add(above.id)
            firm = above
        return found


@dataclass(frozen=True)
class Payer:
    """One who pays. `part` is None for somebody who takes no part in the project (investors, successor)."""

    part: int | None
    name: str
    how: How
    article: str
    reason: Text
    reading: bool = False
    limit_fen: int | None = None


@dataclass
class _List:
    payers: list[Payer] = field(default_factory=list)

    def add(self, payer: Payer) -> None:
        """Each part once: what stands first is the stronger duty."""
        if payer.part is None or payer.part not in {p.part for p in self.payers}:
            self.payers.append(payer)


def chain_of(firms: Iterable[Firm], *, planning_breach: bool = False, construction: bool = True) -> Chain:
    """The parts of a project as a chain."""
    return Chain({firm.id: firm for firm in firms}, planning_breach, construction)


def who_pays(
    chain: Chain,
    employer: int,
    *,
    let_to_foreman: bool = False,
    missed_allocation: bool = False,
    unsettled_fen: int | None = None,
) -> list[Payer]:
    """Those who pay the wages of people whom part `employer` employs, in the order in which to turn to them.

    `let_to_foreman`: the work of the team was let to its foreman as an individual. `missed_allocation`: the
    owner's late payment caused the arrears; it then advances wages up to `unsettled_fen` (None: not known).
    First who must clear the arrears, then who advances or pays first, then the employer, then who stands
    behind it.
    """
    found = _List()
    firm = chain.firms[employer]
    owner, leader = chain.one("owner"), chain.one("general_contractor")
    if chain.construction and chain.planning_breach and owner:
        text = _("The project breaks planning or construction law, so the owner pays.")
        found.add(Payer(owner.id, owner.name, How.CLEARS, "37", text))
    for payer in _unlawful(chain, firm, let_to_foreman=let_to_foreman):
        found.add(payer)
    if chain.construction and missed_allocation and owner:
        text = _("Its late payment caused the arrears; it advances wages up to the money not yet settled.")
        found.add(Payer(owner.id, owner.name, How.ADVANCES, "29", text, limit_fen=unsettled_fen))
    if chain.construction and leader and leader.id != firm.id and firm.role in {"subcontractor", "agency"}:
        found.add(_pays_first(chain, firm, leader))
    found.add(_employer(chain, firm, leader))
    for payer in _behind(firm):
        found.add(payer)
    return found.payers


def _unlawful(chain: Chain, firm: Firm, *, let_to_foreman: bool) -> list[Payer]:
    """Those who pay because work was let, lent or supplied unlawfully, from the employer upwards.

    An unlawful link further up than the employer's own counts too, as a reading of 导致 (caused).
    """
    payers: list[Payer] = []
    if let_to_foreman:
        payers.append(_let(chain, firm, individual=True, reading=False))
    for number, (engaged, above) in enumerate(chain.line(firm)):
        reading = number > 0
        if engaged.engagement == "unlicensed" and number == 0:
            text = _("It uses people sent by an agency that has no licence, so it pays and may recover.")
            payers.append(Payer(above.id, above.name, How.CLEARS, "18", text))
        elif engaged.engagement == "name_lent":
            article = "36" if chain.construction else "19"
            text = _("It let others work in its name, so it pays.")
            payers.append(Payer(above.id, above.name, How.CLEARS, article, text, reading))
        elif engaged.engagement == "unqualified":
            payers.append(_let(chain, above, individual=False, reading=reading))
    return payers


def _let(chain: Chain, lets: Firm, *, individual: bool, reading: bool) -> Payer:
    """Article 36 names the owner and the general contractor; of others article 19 speaks, which sends to other
    law (Labour Contract Law, article 94: the one who let the work is jointly liable)."""
    text = (
        _("It let the work to an individual, so it pays.")
        if individual
        else _("It let the work to a unit that may not do it, so it pays.")
    )
    if chain.construction and lets.role in {"owner", "general_contractor"}:
        return Payer(lets.id, lets.name, How.CLEARS, "36", text, reading)
    return Payer(lets.id, lets.name, How.CLEARS, "19", text, reading=True)


def _pays_first(chain: Chain, firm: Firm, leader: Firm) -> Payer:
    """Article 30, paragraph 3 for subcontractors, paragraph 4 where the project was passed on.

    A licensed agency is not named there; its people work for the firm that uses them, so the same is read.
    """
    passed_on = any(engaged.engagement == "recontracted" for engaged, _above in chain.line(firm))
    text = (
        _("The work was passed on unlawfully; the general contractor pays first and recovers it.")
        if passed_on
        else _("It pays first for those it engaged, and recovers it.")
    )
    reading = firm.role == "agency" and not passed_on
    return Payer(leader.id, leader.name, How.FIRST, "30", text, reading)


def _employer(chain: Chain, firm: Firm, leader: Firm | None) -> Payer:
    engaged = chain.construction and firm.role == "subcontractor" and firm is not leader
    article = "30" if engaged else "16"
    text = _("It employs the people and is directly liable for their wages.")
    return Payer(firm.id, firm.name, How.EMPLOYER, article, text)


def _behind(firm: Firm) -> list[Payer]:
    """Articles 20 to 22, as far as the firm's legal form and standing are on record."""
    payers: list[Payer] = []
    investors = firm.investors
    if firm.legal_form in {"partnership", "sole", "individual"}:
        text = _("If the firm does not pay, those who put up its money do.")
        payers.append(Payer(None, investors, How.BEHIND, "20", text))
    if firm.standing in {"merged", "divided"}:
        text = _(
            "It was to pay before it merged or split; the successor pays if the workers agreed in writing."
        )
        payers.append(Payer(None, firm.successor, How.BEHIND, "21", text))
    if firm.standing in {"revoked", "closed", "dissolved"}:
        text = _(
            "It was to pay before it is struck off; its main investors pay before they may found a new firm."
        )
        payers.append(Payer(None, investors, How.BEHIND, "22", text))
    return payers
