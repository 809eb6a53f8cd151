"""The site PC of the demo: a site agent with an ID-card reader, a face terminal that fetches its orders, and one that is called."""

from dataclasses import dataclass
from datetime import datetime

from devices.models import Terminal
from devices.services.enrolment import enrol, make_code
from devices.services.terminals import register_terminal
from devices.wire import Enrolment
from inspection.demo.people import SiteState

READER = "登记台读卡器"
MAC = "e0baad821aa9"
"""What the simulated Hikvision terminal calls itself."""
PEOPLE = 12


@dataclass(frozen=True)
class SitePc:
    """What the agent on the site's PC is set up with; the key was fetched by a one-time code."""

    key_id: str
    secret: str
    reader: str
    terminal: str
    called: str
    pins: str


def equip(site: SiteState, *, now: datetime) -> SitePc:
    """Register the agent and its terminal on a site, and enrol the agent as a person would."""
    suffix = site.plan.code[-4:]
    agent = register_terminal(
        site.project.pk,
        serial=f"PC-{suffix}",
        name="工地电脑",
        lane=Terminal.Lane.BOTH,
        kind=Terminal.Kind.AGENT,
        actor=site.clerk,
        now=now,
    )
    face = register_terminal(
        site.project.pk,
        serial=f"CKJF2609{suffix}",
        name="西门人脸机",
        lane=Terminal.Lane.IN,
        kind=Terminal.Kind.ADMS,
        agent_id=agent.pk,
        networks=["127.0.0.0/8"],
        actor=site.clerk,
        now=now,
    )
    called = register_terminal(
        site.project.pk,
        serial=MAC,
        name="南门人脸机",
        lane=Terminal.Lane.OUT,
        kind=Terminal.Kind.HIKVISION,
        agent_id=agent.pk,
        networks=["127.0.0.0/8"],
        actor=site.clerk,
        now=now,
    )
    made = make_code(agent.pk, project_id=site.project.pk, actor=site.clerk, now=now)
    key = enrol(Enrolment(code=made.code), address="127.0.0.1", now=now)
    return SitePc(key["key_id"], key["secret"], READER, face.serial, called.serial, f"1-{PEOPLE}")
