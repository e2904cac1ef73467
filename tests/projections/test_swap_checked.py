from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from tests.projections.stores import NEW_YEAR, figures, report, town

from slaengine.errors import StorageError
from slaengine.policies.book import PolicyBook, pack_text
from slaengine.storage.catch_up import catch_up
from slaengine.storage.read_models import ReadModels

LATER = NEW_YEAR + timedelta(days=400)
STRICTER = PolicyBook.parse(pack_text("service-standard").replace("limit: 24 h", "limit: 1 min"), "stricter")


def _lose_an_order(connection, tables):
    connection.execute(delete(tables.orders).where(tables.orders.c.seq == 3))


def _falsify(connection, tables):
    clocks = tables.clocks
    some = connection.execute(select(clocks.c.seq).where(clocks.c.verdict == "missed").limit(1)).scalar_one()
    connection.execute(update(clocks).where(clocks.c.seq == some, clocks.c.verdict == "missed").values(verdict="met"))


@pytest.mark.parametrize(("harm", "said"), [(_lose_an_order, "24 orders were received and 23"), (_falsify, "does not follow")])
def test_a_rebuild_that_went_wrong_is_never_shown_and_the_next_one_is_right(harm, said):
    with town("memory:", 24) as told:
        told.tell(told.count // 2)
        before = report(figures(told.log), LATER)
        told.tell()

        def spoil(_: int) -> None:
            with told.log.database.writing() as connection:
                harm(connection, ReadModels(told.log.database).builds(connection, "service-standard")[-1].tables)

        with pytest.raises(StorageError, match=said):
            catch_up(told.log, ReadModels(told.log.database), STRICTER, progress=spoil)
        with told.log.database.reading() as connection:
            states = [build.state for build in ReadModels(told.log.database).builds(connection, "service-standard")]
        assert states == ["live", "retired"]
        assert report(figures(told.log, STRICTER), LATER).closure[0].received == 24
        assert before.closure[0].received < 24
