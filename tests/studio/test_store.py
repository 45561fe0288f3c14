"""Where the studio keeps things: nothing half-made, nothing of others, nothing for ever."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lyricist.apps.studio.http_io import Refused, shown
from lyricist.apps.studio.owner_store import META, Store
from lyricist.apps.studio.studio_settings import Limits, default_data
from lyricist.errors import InputError

DAY = 86400.0


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Store:
    limits = Limits(uploads=2, owner_bytes=1_000, all_bytes=1_500, days_kept=3)
    return Store(tmp_path, limits, clock)


def put(store: Store, owner: str = "ann", data: bytes = b"notes") -> str:
    with store.create(owner, "tunes", len(data)) as thing:
        (thing.path / "music.mid").write_bytes(data)
        thing.meta["title"] = "A tune"
    return thing.id


def code_of(work) -> str:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused) as caught:
        work()
    return caught.value.code


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_thing_is_found_by_its_owner_and_by_nobody_else(store: Store) -> None:
    given = put(store)
    assert store.get("ann", "tunes", given).meta["title"] == "A tune"
    assert [thing.id for thing in store.all("ann", "tunes")] == [given]
    assert code_of(lambda: store.get("ben", "tunes", given)) == "not_found"
    assert code_of(lambda: store.get("ann", "drafts", given)) == "not_found"
    assert store.all("ben", "tunes") == []


HOSTILE = ("", ".", "..", "../tunes", "/etc/passwd", "0" * 15, "0" * 17, "0" * 16 + "\n", "A" * 16, "\0" * 16, "é" * 16,
           "0123456789abcde/", "%2e%2e", ".gone-0123456789", "０" * 16)  # fmt: skip


@pytest.mark.parametrize("given", HOSTILE)
def test_a_hostile_id_is_not_found(store: Store, given: str) -> None:
    put(store)
    assert code_of(lambda: store.get("ann", "tunes", given)) == "not_found"


def fail(store: Store) -> None:
    with store.create("ann", "tunes") as thing:
        (thing.path / "music.mid").write_bytes(b"x")
        raise ValueError("no tune")


def test_what_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(ValueError, match="no tune"):
        fail(store)
    assert files(store.root) == [] and store.all("ann", "tunes") == []


def test_a_count_is_a_limit(store: Store) -> None:
    first = put(store)
    put(store)
    assert code_of(lambda: put(store)) == "too_large"
    assert put(store, "ben")
    store.remove(store.get("ann", "tunes", first))
    assert put(store)


def test_bytes_are_a_limit_of_one_and_of_all(store: Store) -> None:
    put(store, data=bytes(800))
    with pytest.raises(Refused, match="owner_bytes"):
        put(store, data=bytes(300))
    with pytest.raises(Refused, match="all_bytes"):
        put(store, "ben", data=bytes(900))
    assert len(store.all("ann", "tunes")) == 1 and store.all("ben", "tunes") == []


def test_what_nobody_uses_goes(store: Store, clock: Clock) -> None:
    old, used = put(store), put(store)
    clock.now += 2 * DAY
    store.get("ann", "tunes", used)
    clock.now += 1.5 * DAY
    assert code_of(lambda: store.get("ann", "tunes", old)) == "not_found"
    assert [thing.id for thing in store.all("ann", "tunes")] == [used]
    assert not (store.owner_folder("ann") / "tunes" / old).exists()
    clock.now += 4 * DAY
    store.sweep()
    assert files(store.root) == []
    assert not any((store.root / "owners").iterdir())


def test_what_is_at_work_stays(store: Store, clock: Clock) -> None:
    given = put(store)
    store.keep = lambda path: path.name == given
    clock.now += 10 * DAY
    store.sweep(always=True)
    assert store.get("ann", "tunes", given)


def test_what_a_killed_process_left_half_made_is_swept(store: Store, clock: Clock) -> None:
    put(store)
    left = store.owner_folder("ann") / "tunes" / ".gone-0123456789abcdef"
    left.mkdir()
    os.utime(left, (clock.now, clock.now))
    store.sweep(always=True)
    assert left.exists(), "it may be somebody's who is still writing"
    assert len(store.all("ann", "tunes")) == 1
    clock.now += 1.5 * DAY
    store.sweep(always=True)
    assert not left.exists()


def test_a_damaged_thing_is_not_found_and_others_are(store: Store) -> None:
    damaged, whole = put(store), put(store)
    (store.owner_folder("ann") / "tunes" / damaged / META).write_text('{"id":', encoding="utf-8")
    assert code_of(lambda: store.get("ann", "tunes", damaged)) == "not_found"
    assert [thing.id for thing in store.all("ann", "tunes")] == [whole]


def test_names_of_owners_and_files_are_no_paths(store: Store) -> None:
    put(store, "../../ann")
    assert all(name.startswith("owners/") for name in files(store.root))
    assert shown("a/b\\c\u202e\x07d") == "cd"
    assert len(shown("x" * 1000)) == 100


def test_choices_are_kept_by_owner(store: Store) -> None:
    store.prefer("ann", {"model": "starter"})
    assert store.prefs("ann") == {"model": "starter"} and store.prefs("ben") == {}
    store.sweep(always=True)
    assert store.prefs("ann") == {"model": "starter"}
    (store.owner_folder("ann") / "prefs.json").write_text("[", encoding="utf-8")
    assert store.prefs("ann") == {}


def test_data_go_to_the_platforms_folder_and_never_into_the_current_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lyricist.apps.studio.studio_settings.user_data_path", lambda *given, **more: Path("~/share"))
    with pytest.raises(InputError, match="--data"):
        default_data()
    monkeypatch.undo()
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    if sys.platform == "linux":
        assert default_data() == Path("/somewhere/lyricist")
