"""What each role may do, in one table. A permission holds only on objects the actor can reach."""

from registration.models.accounts import Role

GC = {Role.GC_CLERK, Role.GC_MANAGER}
CLERK = {Role.GC_CLERK, Role.SC_CLERK, Role.AGENCY_CLERK}
CONTRACTOR = {*GC, *CLERK}
STAFFED = {*CONTRACTOR, Role.OWNER_CLERK}
"""Roles of firms that keep their own list of accounts."""

PERMISSIONS: dict[str, frozenset[str]] = {
    name: frozenset(roles)
    for name, roles in {
        "project.view": {*CONTRACTOR, Role.SITE, Role.OWNER_CLERK, Role.BANK_OFFICER, Role.INSPECTOR},
        "person.view": {*CONTRACTOR, Role.INSPECTOR},
        "person.unmask": {*CLERK, Role.INSPECTOR},
        "person.edit": CLERK,
        "person.correct": {*CLERK, Role.INSPECTOR},
        "roster.upload": CLERK,
        "project.register": GC,
        "chain.edit": {*GC, Role.SC_CLERK},
        "part.describe": CONTRACTOR,
        "team.edit": CONTRACTOR,
        "staff.view": STAFFED,
        "staff.manage": {Role.GC_MANAGER, Role.SC_CLERK, Role.AGENCY_CLERK, Role.OWNER_CLERK},
        "project.find_breach": {Role.INSPECTOR},
        "firm.record_standing": {Role.INSPECTOR},
        "contract.view": {*CONTRACTOR, Role.INSPECTOR},
        "contract.make": CLERK,
        "contract.sign": {Role.GC_MANAGER, Role.SC_CLERK, Role.AGENCY_CLERK},
        "template.publish": {Role.INSPECTOR},
        "training.record": CLERK,
        "citizen_card.manage": CLERK,
        "join.answer": CLERK,
        "returned.view": GC,
        "tablet.manage": CLERK,
        "site.view": {*CONTRACTOR, Role.SITE, Role.INSPECTOR},
        "attendance.correct": CLERK,
        "terminal.manage": {Role.GC_CLERK},
        "source.manage": {Role.GC_CLERK},
        "complaint.handle": {Role.INSPECTOR},
        "bulletin.publish": {Role.INSPECTOR},
        "sheet.view": {*CONTRACTOR, Role.INSPECTOR},
        "sheet.prepare": CLERK,
        "sheet.answer": CLERK,
        "sheet.proxy": CLERK,
        "cash.pay": CLERK,
        "sheet.approve": {Role.GC_MANAGER},
        "payment.instruct": {Role.GC_MANAGER},
        "order.carry": {*GC, Role.BANK_OFFICER},
        "order.decide": {*GC, Role.BANK_OFFICER},
        "bank.terms": {Role.BANK_OFFICER},
        "account.view": {*GC, Role.OWNER_CLERK, Role.BANK_OFFICER, Role.INSPECTOR},
        "account.open": GC,
        "account.confirm": {Role.BANK_OFFICER},
        "account.agree": {*GC, Role.OWNER_CLERK, Role.BANK_OFFICER},
        "account.reconcile": {*GC, Role.BANK_OFFICER},
        "account.rule": {Role.INSPECTOR},
        "allocation.view": {*GC, Role.OWNER_CLERK, Role.BANK_OFFICER, Role.INSPECTOR},
        "allocation.plan": GC,
        "allocation.ask": GC,
        "allocation.answer": {Role.OWNER_CLERK},
        "loan.ask": {Role.GC_MANAGER},
        "loan.grant": {Role.BANK_OFFICER},
        "deposit.view": {*GC, Role.OWNER_CLERK, Role.INSPECTOR},
        "deposit.lodge": GC,
        "deposit.rule": {Role.INSPECTOR},
        "alarm.view": {Role.INSPECTOR},
        "alarm.handle": {Role.INSPECTOR},
        "alarm.told": {*CONTRACTOR, Role.OWNER_CLERK},
        "parameter.set": {Role.INSPECTOR},
        "permit.view": {*GC, Role.OWNER_CLERK},
        "permit.answer": {Role.INSPECTOR},
        "permit.record_social": {Role.INSPECTOR},
        "permit.keys": {Role.INSPECTOR},
        "list.decide": {Role.INSPECTOR},
        "credit.own": STAFFED,
    }.items()
}
