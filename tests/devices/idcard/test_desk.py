"""The simulated reader by typed words, as `manage.py simulate idcard` obeys them."""

import os
from pathlib import Path

import pytest

from devices.simulators.idcard import Faults, PtyReader, SimulatedReader
from devices.simulators.idcard_desk import obey, set_fault


@pytest.fixture
def port(tmp_path: Path) -> PtyReader:
    return PtyReader(SimulatedReader(), tmp_path / "idcard")


def test_obeys_what_is_typed(port: PtyReader, capsys: pytest.CaptureFixture[str]) -> None:
    assert obey(port, ["plug"])
    assert obey(port, ["plug"])  # it is in already
    assert os.path.exists(port.link)
    assert obey(port, ["permit", "7"])
    assert port.reader.has_card
    assert obey(port, ["away"])
    assert not port.reader.has_card
    assert obey(port, ["fault", "split", "3"])
    assert port.reader.faults.split == 3
    assert obey(port, ["sound"])
    assert port.reader.faults == Faults()
    assert obey(port, ["fault", "nothing", "1"])
    assert "no such fault" in capsys.readouterr().out
    assert obey(port, [])
    assert obey(port, ["what"])
    assert "lift the card" in capsys.readouterr().out
    assert obey(port, ["unplug"])
    assert obey(port, ["unplug"])
    assert not os.path.lexists(port.link)
    assert not obey(port, ["quit"])


def test_faults_by_words() -> None:
    faults = Faults()
    for name, value in (("echo", "on"), ("late", "off"), ("drop", "0.1"), ("extra_aa", "2"), ("state", "41")):
        set_fault(faults, name, value)
    assert faults == Faults(echo=True, drop=0.1, extra_aa=2, state=0x41)
    set_fault(faults, "state", "off")
    assert faults.state is None
