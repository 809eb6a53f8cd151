"""The demo's site PC: what is written for the agent is what the agent reads."""

import json
from pathlib import Path

from devices.edge.config import read_config
from wagewatch.demo_site import site_programs


def test_no_site_pc_where_the_county_has_none(tmp_path: Path) -> None:
    assert (
        site_programs(tmp_path, tmp_path, server="http://127.0.0.1:8000", lan_port=8003, called_port=8004)
        == []
    )


def test_the_agent_reads_what_the_demo_writes(tmp_path: Path) -> None:
    folder = tmp_path / "site-pc"
    folder.mkdir()
    secret = folder / "secret"
    secret.write_text("key-1 secret-1\n", encoding="utf-8")
    secret.chmod(0o600)
    said = {"reader": "登记台“一号”", "terminal": "CKJF26090117", "called": "e0baad821aa9", "pins": "1-12"}
    (folder / "devices.json").write_text(json.dumps(said), encoding="utf-8")
    programs = site_programs(
        tmp_path, tmp_path, server="http://127.0.0.1:8000", lan_port=8003, called_port=8004
    )
    assert [program.name for program in programs] == ["agent", "reader", "terminal", "called"]
    config = read_config(folder / "site.toml")
    assert (config.server.url, config.server.key.key_id) == ("http://127.0.0.1:8000", "key-1")
    assert [(gate.serial, gate.key) for gate in config.gates] == [("CKJF26090117", None)]
    assert [(kind, name) for kind, name, _options in config.devices] == [
        ("idcard", "登记台“一号”"),
        ("lan", "西门终端"),
    ]
    secret.write_text("key-2 secret-2\n", encoding="utf-8")
    site_programs(tmp_path, tmp_path, server="http://127.0.0.1:8000", lan_port=8003, called_port=8004)
    assert secret.read_text(encoding="utf-8") == "key-2 secret-2\n", "a key that changed itself stays"
