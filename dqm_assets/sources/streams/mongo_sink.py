"""The MongoDB sink: each record is one document, upserted by its place in the topic."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, Self

import pyarrow as pa

from dqm_assets.errors import SettingsError, SourceError, StoreError
from dqm_assets.sources.streams.classify import Classifier
from dqm_assets.sources.streams.sink import FencedError, Position, Written, following

_EVENTS, _LETTERS, _OFFSETS = "dqm_stream_events", "dqm_dead_letters", "dqm_stream_offsets"
#: A document of this key is there already.
_DUPLICATE_KEY = 11000
_PATIENCE_MS = 10_000


class MongoSink:
    """Writes batches of one topic into MongoDB; whoever claims a partition later shuts this one out.

    It needs no transactions, which MongoDB has in replica sets only. Documents are keyed
    ``topic:partition:offset``, so that a record which is written again is the same document. The offset of a
    partition moves on after its documents are written, if it and the epoch are those that this owner left.
    After a crash between the two the batch is read and written again, which changes nothing. An owner that
    was replaced may still write documents of records that its successor writes as well, and no others.

    Args:
        url: ``mongodb://…/database``, with the database whose collections ``dqm_stream_events``,
            ``dqm_dead_letters`` and ``dqm_stream_offsets`` are written.
        topic: The topic.

    Raises:
        SettingsError: the URL is wrong, or names no database.
        SourceError: the client is not installed.
        StoreError: the server cannot be reached.
    """

    def __init__(self, url: str, topic: str) -> None:
        self._mongo = _client_library()
        errors = self._mongo.errors
        self._topic = topic
        self._held: dict[int, Position] = {}
        try:
            self._client = self._mongo.MongoClient(url, serverSelectionTimeoutMS=_PATIENCE_MS, tz_aware=True)
            concern = self._mongo.WriteConcern("majority")
            self._database = self._client.get_default_database().with_options(write_concern=concern)
            self._client.admin.command("ping")
        except (errors.InvalidURI, errors.ConfigurationError) as error:
            raise SettingsError(
                f"DQM_STREAM_SINK is no URL of a MongoDB database, such as mongodb://host/database: {error}"
            ) from error
        except errors.PyMongoError as error:
            raise StoreError(f"The stream's MongoDB sink cannot be opened: {_brief(error)}") from error
        self._classifier = Classifier()

    def claim(self, partitions: list[int]) -> dict[int, int]:
        """Become the owner of partitions.

        Returns:
            The offset at which each goes on; partitions that were never read are not in it.

        Raises:
            StoreError: the database cannot be written.
        """
        claimed = {}
        try:
            for partition in partitions:
                held = self._database[_OFFSETS].find_one_and_update(
                    {"_id": self._key(partition)},
                    {
                        "$inc": {"epoch": 1},
                        "$set": {"updated_at": datetime.now(UTC)},
                        "$setOnInsert": {
                            "topic": self._topic,
                            "partition": partition,
                            "next_offset": -1,
                        },
                    },
                    upsert=True,
                    return_document=self._mongo.ReturnDocument.AFTER,
                )
                claimed[partition] = Position(held["next_offset"], held["epoch"])
        except self._mongo.errors.PyMongoError as error:
            raise self._away(error) from error
        self._held.update(claimed)
        return {partition: held.next_offset for partition, held in claimed.items() if held.next_offset >= 0}

    def write(self, records: pa.Table) -> Written:
        """Write a batch; after an error it may be there in part, and is completed when it is read again.

        Args:
            records: Records of claimed partitions, in the order of their offsets.

        Raises:
            FencedError: a partition has another owner by now.
            StoreError: the database cannot be written; no offset has moved that lacks its records.
        """
        events, dead = self._classifier.split(records)
        moved = following(records, self._held)
        now = datetime.now(UTC)
        try:
            self._look_for_others(moved)
            self._upsert(_EVENTS, _documents(events, {"stored_at": now}))
            self._upsert(_LETTERS, _documents(dead, {"dead_at": now}))
            for partition, position in moved.items():
                self._advance(partition, position)
        except self._mongo.errors.PyMongoError as error:
            raise self._away(error) from error
        self._held.update(moved)
        return Written(events.num_rows, dead.num_rows)

    def close(self) -> None:
        """Close the connection."""
        self._classifier.close()
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _look_for_others(self, partitions: Iterable[int]) -> None:
        """Refuse before documents are written; `_advance` is what counts."""
        keys = {self._key(partition): self._held[partition] for partition in partitions}
        for found in self._database[_OFFSETS].find({"_id": {"$in": list(keys)}}):
            if Position(found["next_offset"], found["epoch"]) != keys[found["_id"]]:
                raise self._fenced(found["partition"])

    def _upsert(self, name: str, documents: list[dict[str, Any]]) -> None:
        """Insert, which is all that new records need; replace those that were there already."""
        if not documents:
            return
        try:
            self._database[name].insert_many(documents, ordered=False)
        except self._mongo.errors.BulkWriteError as error:
            refused = error.details["writeErrors"]
            others = [one["errmsg"] for one in refused if one["code"] != _DUPLICATE_KEY]
            if others or error.details["writeConcernErrors"]:
                reason = others[0] if others else error.details["writeConcernErrors"][0]["errmsg"]
                raise StoreError(f"The stream's MongoDB sink refuses documents: {reason}") from error
            again = [documents[one["index"]] for one in refused]
            self._database[name].bulk_write(
                [self._mongo.ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in again],
                ordered=False,
            )

    def _advance(self, partition: int, position: Position) -> None:
        held = self._held[partition]
        asked = {"_id": self._key(partition), "next_offset": held.next_offset, "epoch": held.epoch}
        moved = {"next_offset": position.next_offset, "updated_at": datetime.now(UTC)}
        if not self._database[_OFFSETS].update_one(asked, {"$set": moved}).matched_count:
            raise self._fenced(partition)

    def _key(self, partition: int) -> str:
        return f"{self._topic}:{partition}"

    def _fenced(self, partition: int) -> FencedError:
        return FencedError(
            f"Partition {partition} of {self._topic} has another consumer at the MongoDB sink by now. "
            "This one ends; start each consumer with partitions of its own.",
            "fenced",
        )

    def _away(self, error: Exception) -> StoreError:
        return StoreError(f"The stream's MongoDB sink cannot be written: {_brief(error)}")


def _documents(rows: pa.Table, more: dict[str, Any]) -> list[dict[str, Any]]:
    """A document for each row; BSON keeps milliseconds of times."""
    return list(_keyed(rows.to_pylist(), more))


def _keyed(rows: Iterable[dict[str, Any]], more: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {"_id": f"{row['topic']}:{row['partition']}:{row['record_offset']}", **row, **more}


def _brief(error: Exception) -> str:
    return str(error)[:300]


def _client_library() -> ModuleType:
    try:
        import pymongo  # noqa: PLC0415 - an extra
    except ImportError:
        raise SourceError(
            "A MongoDB sink needs its client, which is an extra: pip install 'dqm[mongodb]'."
        ) from None
    return pymongo
