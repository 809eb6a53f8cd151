"""What each role may do, in one table. A permission holds only on objects the actor can reach."""

from registration.models.accounts import Role

GC = {Role.GC_CLERK, Role.GC_MANAGER}
CONTRACTOR = {*GC, Role.SC_CLERK}

PERMISSIONS: dict[str, frozenset[str]] = {
    name: frozenset(roles)
    for name, roles in {
        "project.view": {*CONTRACTOR, Role.SITE, Role.OWNER_CLERK, Role.BANK_OFFICER, Role.INSPECTOR},
        "person.view": {*CONTRACTOR, Role.INSPECTOR},
        "person.unmask": {Role.GC_CLERK, Role.SC_CLERK, Role.INSPECTOR},
        "person.edit": {Role.GC_CLERK, Role.SC_CLERK},
        "roster.upload": {Role.GC_CLERK, Role.SC_CLERK},
        "site.view": {*CONTRACTOR, Role.SITE, Role.INSPECTOR},
        "terminal.manage": {Role.GC_CLERK},
        "sheet.view": {*CONTRACTOR, Role.INSPECTOR},
        "sheet.prepare": {Role.GC_CLERK, Role.SC_CLERK},
        "sheet.answer": {Role.GC_CLERK, Role.SC_CLERK},
        "sheet.approve": {Role.GC_MANAGER},
        "payment.instruct": {Role.GC_MANAGER},
        "account.view": {*GC, Role.OWNER_CLERK, Role.BANK_OFFICER, Role.INSPECTOR},
        "alarm.view": {Role.INSPECTOR},
    }.items()
}
