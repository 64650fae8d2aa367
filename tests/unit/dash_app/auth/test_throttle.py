"""Throttling by a clock of its own."""

import pytest

from dash_app.auth.throttle import FORGOTTEN_AFTER, LONGEST_WAIT, Throttle, network_of


class Clock:
    """A clock that goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_after_the_free_failures_each_one_doubles_the_wait_up_to_the_longest() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(16):
        throttle.failed(["ana"])
        waits.append(throttle.wait({"ana": 4}))
    assert waits[:7] == [0, 0, 0, 1, 2, 4, 8]
    assert waits[-1] == LONGEST_WAIT
    clock.now += LONGEST_WAIT
    assert throttle.wait({"ana": 4}) == 0
    assert throttle.wait({"bo": 4}) == 0


def test_of_several_keys_the_longest_wait_counts() -> None:
    throttle = Throttle(Clock())
    for _ in range(5):
        throttle.failed(["address", "ana"])
    assert throttle.wait({"address": 20}) == 0
    assert throttle.wait({"address": 20, "ana": 4}) == 2


def test_what_was_no_failure_is_not_counted_and_old_ones_are_forgotten() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(100):
        throttle.failed(["ana"])
        throttle.took_back(["ana"])
    assert throttle.wait({"ana": 1}) == 0
    for _ in range(9):
        throttle.failed(["bo"])
    clock.now += FORGOTTEN_AFTER + 1
    throttle.failed(["bo"])
    assert throttle.wait({"bo": 4}) == 0


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:50112", "192.0.2.7"),
        ("[2001:db8:1:2::7]:50112", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_whoever_has_a_whole_ipv6_network_is_counted_once(address: str, place: str) -> None:
    assert network_of(address) == place
