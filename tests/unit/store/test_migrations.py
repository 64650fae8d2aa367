"""Migrations are told apart by their number alone: of two with one number, the second is never applied."""

from collections import Counter

from dqm_assets.store import migrations


def test_each_migration_has_a_number_of_its_own() -> None:
    counted = Counter(migration.version for migration in migrations.known())
    assert [version for version, times in counted.items() if times > 1] == []


def test_migrations_are_in_the_order_of_their_numbers() -> None:
    versions = [migration.version for migration in migrations.known()]
    assert versions == sorted(versions)
    assert versions[0] == 1
