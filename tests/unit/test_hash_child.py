"""The hashes themselves, at their real cost."""

from argon2 import PasswordHasher

from jobmon_tui.security.hash_child import _NOBODY, answer
from jobmon_tui.security.passwords import Argon2Hasher

PASSWORD = "mango ladder"


def test_a_hash_of_another_cost_is_made_anew_where_the_password_fits() -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    said, _, renewed = answer({"password": PASSWORD, "hash": cheap}).partition(" ")
    assert said == "ok"
    assert not PasswordHasher().check_needs_rehash(renewed)
    assert answer({"password": PASSWORD, "hash": renewed}) == "ok"
    assert answer({"password": "another", "hash": cheap}) == "no"


def test_a_name_that_nobody_has_costs_what_the_others_cost() -> None:
    assert not PasswordHasher().check_needs_rehash(_NOBODY)


async def test_the_child_tells_whether_it_fits() -> None:
    hasher = Argon2Hasher()
    hashed = await hasher.hash(PASSWORD)
    assert PASSWORD not in hashed
    right = await hasher.check(hashed, PASSWORD)
    assert (right.fits, right.rehashed) == (True, None)
    assert not (await hasher.check(hashed, "another")).fits
    assert not (await hasher.check(None, PASSWORD)).fits
