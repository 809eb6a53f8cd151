"""A project and the chain of organisations that work on it."""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from registration.models import Organisation, Participation, Project
from wagewatch.lib.errors import RuleViolation


@transaction.atomic
def register_project(
    code: str,
    name: str,
    *,
    region_code: str,
    sector: str,
    name_en: str = "",
    address: str = "",
    contract_sum_fen: int = 0,
    contract_signed_on: date | None = None,
    started_on: date | None = None,
    pay_day: int = 15,
) -> Project:
    """Enter a project. Raises RuleViolation `project.known`, `project.pay_day`."""
    if not 1 <= pay_day <= 28:
        raise RuleViolation("project.pay_day", _("Choose a pay day from 1 to 28."))
    if Project.objects.filter(code=code).exists():
        raise RuleViolation("project.known", _("A project with this code is registered already."))
    return Project.objects.create(
        code=code,
        name=name,
        name_en=name_en,
        region_id=region_code,
        sector=sector,
        address=address,
        contract_sum_fen=contract_sum_fen,
        contract_signed_on=contract_signed_on,
        started_on=started_on,
        pay_day=pay_day,
    )


@transaction.atomic
def engage(
    project: Project,
    organisation: Organisation,
    role: str,
    *,
    by: Participation | None = None,
    scope: str = "",
    clerk_name: str = "",
    entered_on: date | None = None,
) -> Participation:
    """Put an organisation on a project, engaged `by` another (the subcontract chain, articles 30, 36).

    Raises RuleViolation `participation.known` if it holds that role already, or a second general
    contractor is named.
    """
    if by is not None and by.project_id != project.pk:
        raise ValueError("the engaging organisation is on another project")
    try:
        with transaction.atomic():
            return Participation.objects.create(
                project=project,
                organisation=organisation,
                role=role,
                parent=by,
                scope=scope,
                clerk_name=clerk_name,
                entered_on=entered_on,
            )
    except IntegrityError:
        raise RuleViolation(
            "participation.known",
            _("This organisation has that role on the project already, or there is a general contractor."),
        ) from None
