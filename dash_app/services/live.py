"""The live hub: one poller per process that knows the store's version and wakes who waits for a new one."""

import asyncio
import logging

from dqm_assets.errors import StoreError
from dqm_assets.store import Changes, Store

log = logging.getLogger(__name__)

#: Seconds between looks at the version while somebody listens, and while nobody does.
BUSY_INTERVAL = 0.25
IDLE_INTERVAL = 1.0


#: A stream writes to these several times a second; what pages show of it changes when a window is judged.
UNSHOWN = frozenset({"raw.stream_events", "raw.dead_letters", "metrics.stream_windows", "monitoring.offsets"})


class LiveHub:
    """Asks the store what changed, and fans a change out to all listeners of this process.

    One cheap query per interval serves any number of open pages. Nobody is woken for commits that wrote to
    `UNSHOWN` tables only.
    """

    def __init__(self, store: Store) -> None:
        """Watch ``store``; nothing happens before :meth:`run`."""
        self._store = store
        self._changed = asyncio.Condition()
        self._asking: asyncio.Task[Changes] | None = None
        self.listeners = 0
        #: Version at which each table was last seen to change, and at which all of them may have.
        self._tables: dict[str, int] = {}
        self._everything = 0
        #: Last version seen; ``None`` before the first answer.
        self.version: int | None = None
        #: Last version that somebody was woken for.
        self.told: int | None = None
        #: Whether the last look reached the store.
        self.reachable = True

    async def run(self) -> None:
        """Poll until cancelled; an unreachable store is reported once and tried again."""
        while True:
            try:
                await self.current()
            except StoreError as error:
                if self.reachable:
                    log.warning("the store does not answer, pages show their last state: %s", error)
                self.reachable = False
            await asyncio.sleep(BUSY_INTERVAL if self.listeners else IDLE_INTERVAL)

    async def current(self) -> int:
        """Ask the store for its version; callers at the same time share one query.

        Raises:
            StoreError: the store cannot be reached.
        """
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(asyncio.to_thread(self._store.changes, self.version))
        changes = await asyncio.shield(self._asking)
        self.reachable = True
        if changes.version != self.version:
            self._remember(changes)
            if changes.tables is None or not changes.tables <= UNSHOWN:
                self.told = changes.version
                async with self._changed:
                    self._changed.notify_all()
        return changes.version

    def changed_since(self, version: int, tables: frozenset[str] | None) -> bool:
        """Tell whether any of these tables changed after ``version``; ``None``: any of all."""
        if tables is None:
            return version != self.version
        return self._everything > version or any(self._tables.get(name, 0) > version for name in tables)

    def _remember(self, changes: Changes) -> None:
        self.version = changes.version
        if changes.tables is None:
            self._everything = changes.version
        else:
            self._tables.update(dict.fromkeys(changes.tables, changes.version))

    async def newer_than(self, seen: int | None, seconds: float) -> int | None:
        """Wait until the version differs from ``seen``; ``None`` if that takes longer than ``seconds``."""
        self.listeners += 1
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self.told is not None and self.told != seen)
            return self.told
        except TimeoutError:
            return None
        finally:
            self.listeners -= 1
