"""The decision whether the server was paused, for each way to pause it."""

from __future__ import annotations

import pytest

from lightning_sweeps.server.process.pause_detector import PauseDetector

NOW = 1.7e9


def checked() -> PauseDetector:
    """Return a detector after its first check, at 0 on the monotonic clock."""
    detector = PauseDetector(interval_s=7.5, tolerance_s=15.0)
    assert detector.is_after_pause(monotonic_s=0.0, wall_s=NOW)
    return detector


@pytest.mark.parametrize(
    ("monotonic_s", "wall_s", "is_pause"),
    [
        pytest.param(7.5, 7.5, False, id="as planned"),
        pytest.param(22.0, 22.0, False, id="busy for a while"),
        pytest.param(90.0, 90.0, True, id="stopped by a signal"),
        pytest.param(7.5, 87.5, True, id="lid closed: the monotonic clock stands still"),
        pytest.param(7.5, 7207.5, True, id="clock set ahead"),
        pytest.param(7.5, -3592.5, True, id="clock set back"),
        pytest.param(7.5, 8.1, False, id="clock adjusted a little"),
    ],
)
def test_what_counts_as_a_pause(monotonic_s: float, wall_s: float, is_pause: bool) -> None:
    detector = checked()
    assert detector.is_after_pause(monotonic_s=monotonic_s, wall_s=NOW + wall_s) is is_pause
    assert detector.answering_since == (NOW + wall_s if is_pause else NOW)
    assert not detector.is_after_pause(monotonic_s=monotonic_s + 7.5, wall_s=NOW + wall_s + 7.5)


def test_a_database_that_did_not_answer_is_a_pause() -> None:
    detector = checked()
    detector.note_failure()
    assert detector.is_after_pause(monotonic_s=7.5, wall_s=NOW + 7.5)
