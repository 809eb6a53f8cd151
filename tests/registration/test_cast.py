"""The cast itself stands."""

from tests.cast import Cast


def test_stands_on_stage(cast: Cast) -> None:
    assert cast.actor(cast.zhao).has_role("gc_clerk")
    assert cast.actor(cast.li).duties[0].region_prefix == "330703"
    assert cast.sun_posting.rate_fen == 36000
    assert cast.terminal.project_id == cast.project.pk
