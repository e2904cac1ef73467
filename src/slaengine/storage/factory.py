"""The eventsourcing library's way to our store: `PERSISTENCE_MODULE=slaengine.storage.factory`, `STORE_URL=…`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from eventsourcing import persistence
from eventsourcing.utils import Environment, EnvType, resolve_topic, strtobool

from slaengine.errors import UsageError
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog
from slaengine.storage.recorder import LogAggregateRecorder, LogApplicationRecorder, LogProcessRecorder, LogTrackingRecorder

STORE_URL = "STORE_URL"
CREATE_TABLE = "CREATE_TABLE"


class StoreFactory(persistence.InfrastructureFactory[persistence.TrackingRecorder]):
    """Makes recorders that share one log.

    Without a `log`, it opens the store that the environment names in `STORE_URL`; `CREATE_TABLE=n` expects it there.
    """

    def __init__(self, env: Environment | EnvType | None = None, log: FactLog | None = None) -> None:
        super().__init__(env)
        if self.is_snapshotting_enabled():
            raise _no_snapshots()
        self._is_own = log is None
        self.log = log or self._open()

    def aggregate_recorder(self, purpose: str = "events") -> persistence.AggregateRecorder:
        """Return a recorder of single aggregates.

        Raises:
            UsageError: for snapshots. An order is folded from all its facts, which are few, so that a question about
                an earlier instant is answered from the same ones.
        """
        if purpose != "events":
            raise _no_snapshots()
        return LogAggregateRecorder(self.log)

    def application_recorder(self) -> persistence.ApplicationRecorder:
        """Return a recorder of events and notifications."""
        chosen: type[LogApplicationRecorder] = self._chosen(self.APPLICATION_RECORDER_TOPIC, LogApplicationRecorder)
        return chosen(self.log)

    def tracking_recorder(self, tracking_recorder_class: type[Any] | None = None) -> Any:
        """Return a recorder of readers' positions, of the class given or named in `TRACKING_RECORDER_TOPIC`."""
        chosen = tracking_recorder_class or self._chosen(self.TRACKING_RECORDER_TOPIC, LogTrackingRecorder)
        return chosen(self.log)

    def process_recorder(self) -> persistence.ProcessRecorder:
        """Return a recorder of events and positions together."""
        chosen: type[LogProcessRecorder] = self._chosen(self.PROCESS_RECORDER_TOPIC, LogProcessRecorder)
        return chosen(self.log)

    def close(self) -> None:
        """Close the store, unless it was lent to us."""
        if self._is_own:
            self.log.database.close()

    def _open(self) -> FactLog:
        url = self.env.get(STORE_URL)
        if not url:
            raise UsageError(f"{STORE_URL} is missing in the environment; set it to sqlite:///FILE or postgresql+psycopg://…")
        create = strtobool(self.env.get(CREATE_TABLE, "y"))
        return FactLog(Database.open(url, create=create), lambda: datetime.now(UTC))

    def _chosen(self, variable: str, default: type[Any]) -> type[Any]:
        topic = self.env.get(variable)
        return resolve_topic(topic) if topic else default


def _no_snapshots() -> UsageError:
    return UsageError("this store keeps no snapshots: work orders are folded from their facts; set IS_SNAPSHOTTING_ENABLED=n")
