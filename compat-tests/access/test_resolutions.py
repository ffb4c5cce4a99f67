"""flowkeep's test of effective permissions compares with what stock MLflow decides today."""

from access import resolutions


def test_the_recorded_decisions_are_those_of_stock() -> None:
    assert resolutions.RECORDED.read_text().splitlines() == resolutions.resolve()
