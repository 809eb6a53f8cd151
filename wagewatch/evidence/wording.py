"""Words for people: checks, stages, problems."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagewatch.evidence.audit import Problem
from wagewatch.evidence.models import Stage
from wagewatch.evidence.verify import CheckName

STAGE_MEANS = {
    Stage.RECORDED: _("Written down together with what happened. In a moment it gets its place in the log."),
    Stage.SEQUENCED: _("It has its fixed place in the log. The signed summary follows in a moment."),
    Stage.PUBLISHED: _("The log is signed and open to everybody. A later change would be found."),
}

# (held, failed, not known yet)
CHECK_SAYS = {
    CheckName.READABLE: (_("The receipt is complete"), _("This is not a complete receipt"), ""),
    CheckName.RECORD: (
        _("What it says is what was written down"),
        _("What it says was changed afterwards"),
        _("A later entry on the same thing replaced it; the first one stays in the log"),
    ),
    CheckName.SUBJECT: (
        _("It belongs to the same thing"),
        _("It was moved to another thing"),
        "",
    ),
    CheckName.SIGNATURE: (
        _("The log's signature is genuine"),
        _("The log's signature is wrong"),
        _("Not signed yet; look again in a minute"),
    ),
    CheckName.INCLUSION: (
        _("It stands in the signed log"),
        _("It does not stand in the signed log"),
        _("Not in the signed log yet; look again in a minute"),
    ),
}

PROBLEM_SAYS = {
    Problem.ENTRY_MISSING: _("an entry was deleted from the log"),
    Problem.ENTRY_CHANGED: _("an entry was changed after it was numbered"),
    Problem.SUBTREE_CHANGED: _("a stored tree hash was changed"),
    Problem.SUBTREE_MISSING: _("a stored tree hash was deleted"),
    Problem.SUBTREE_EXTRA: _("there are tree hashes that belong to no entry"),
    Problem.CHECKPOINT_CHANGED: _("a checkpoint differs from its signed note"),
    Problem.CHECKPOINT_SIGNATURE: _("a checkpoint is not signed by a key of this log"),
    Problem.CHECKPOINT_ROOT: _("the entries do not give the root that was signed"),
    Problem.CHECKPOINT_AHEAD: _("a signed checkpoint counts more entries than there are"),
    Problem.SUBJECT_CHANGED: _("an entry was moved to another subject"),
    Problem.RECORD_CHANGED: _("the data differ from what was recorded"),
    Problem.RECORD_GONE: _("the data of an entry are gone"),
    Problem.RECORD_UNRECORDED: _("data were put in without an entry"),
}


def check_words(name: CheckName, held: bool | None) -> object:
    """What a check's answer means, for a person."""
    good, bad, open_ = CHECK_SAYS[name]
    return {True: good, False: bad, None: open_}[held]
