"""Drivers: one module for each kind of device. README.md in the folder above says how to add one."""

import logging
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Protocol

from devices.edge.backoff import Backoff
from devices.edge.config import BadConfig, Options
from devices.edge.site import Site

log = logging.getLogger(__name__)

KINDS = {
    "idcard": "devices.edge.drivers.idcard",
    "lan": "devices.edge.drivers.lan",
    "turnstile": "devices.edge.drivers.turnstile",
}
"""The `kind` in site.toml to the module with `build(name, options) -> Driver`. Loaded only if it is used."""


class Driver(Protocol):
    """A device, or a listener for many. It runs in a thread of its own."""

    kind: str
    name: str

    def run(self, site: Site) -> None:
        """Work until `site.stopping` is set, looking at it at least every half second.

        Keep what comes with `site.keep_read` or `site.keep_events` before signalling success. Tell
        `site.health` how it goes. Whatever is raised is logged, and the driver runs again after a pause.
        """


Build = Callable[[str, Options], Driver]


def build(kind: str, name: str, options: Options) -> Driver:
    """The driver of one [[device]]. Raises BadConfig for an unknown kind or option."""
    if kind not in KINDS:
        raise BadConfig(f"[[device]] {name}: no kind {kind}; there are {', '.join(sorted(KINDS))}")
    make: Build = import_module(KINDS[kind]).build
    driver = make(name, options)
    options.done()
    return driver


def check_gates(devices: Iterable[Driver], gates: Iterable[str]) -> None:
    """Every serial whose passages a driver keeps needs a [[gate]], or nobody would send them. Raises BadConfig."""
    known = set(gates)
    for driver in devices:
        if missing := set(getattr(driver, "serials", ())) - known:
            raise BadConfig(f"[[device]] {driver.name}: {sorted(missing)[0]} has no [[gate]] of that serial")


def keep_running(driver: Driver, site: Site) -> None:
    """Run a driver again and again until the agent stops; one that breaks disturbs no other."""
    backoff = Backoff()
    while not site.stopping.is_set():
        site.health.tell(driver.name, driver.kind, "starting")
        began = site.clock.boot()
        try:
            driver.run(site)
        except Exception as problem:  # a driver must never take the agent down
            log.exception("%s: the driver broke", driver.name)
            site.health.tell(driver.name, driver.kind, "broken", type(problem).__name__)
        if site.clock.boot() - began > 60:
            backoff.reset()
        if not site.stopping.is_set():
            site.wait(backoff.pause())
    site.health.tell(driver.name, driver.kind, "stopped")
