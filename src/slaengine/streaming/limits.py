"""Every limit of the stream, with its reason."""

LINGER_MS = 5
"""A message waits this long for company: enough to fill batches under load, little beside a commit to disk."""

BATCH_BYTES = 131_072
"""Some 300 facts in one request; larger ones gain nothing that could be measured."""

REQUEST_TIMEOUT_MS = 3_000
"""A broker that does not answer this long is taken for cut off, and the new leader is looked up."""

BLOCK_TIMEOUT_MS = 10_000
"""How long the client may look for a broker before it says that there is none."""

CONNECT_TIMEOUT_MS = 2_000
"""How long a broker may take to greet: one that is cut off takes the connection and says nothing, and others are waiting."""

UNKNOWN_TOPIC_MS = 5_000
"""A topic that no broker knows of for so long is not there; one just made is known within a second."""

NEVER_EXPIRE_MS = 3_600_000
"""The client must never give up one message and go on with the next, or an order's facts would change places.
The publisher's own deadline is shorter: it throws the whole client away and starts again from what is confirmed."""

DELIVERY_TIMEOUT_S = 30.0
"""The publisher's deadline for a batch: a broker's restart fits into it."""

FETCH_WAIT_MS = 250
"""How long a broker may hold an empty answer back; it answers at once when there is something."""

SESSION_TIMEOUT_MS = 10_000
"""A consumer that is silent this long is dead for its group, and its partitions go to others. Longer than a group's coordinator
needs to move away from a broker that is cut off: who is dropped meanwhile must wait until the new one drops him, too."""

HEARTBEAT_MS = 500
"""A fraction of the session, so that one lost heartbeat kills nobody; and a member hears by it that others have come or gone, who
wait for it meanwhile."""

CLOSE_TIMEOUT_S = 1.0
"""Closing never waits longer for a broker that may be gone."""

PUBLISH_BATCH = 1_000
"""Facts handed to the client at once; a position is confirmed for each such batch."""

PUBLISH_WINDOW = 8
"""Batches on their way at a time: this times `PUBLISH_BATCH` facts, and those read, bound the publisher's memory."""

PUBLISH_READ = 5_000
"""Facts read from the log at once: a transaction for each batch would take as long as reading it does."""

CONSUME_BATCH = 10_000
"""Records handled in one transaction at most. One that is behind shares a transaction's cost among many, and judges an order once
for all of its facts; one that is not behind finds few at a time, and is as quick."""

LEASE_S = 5.0
"""A publisher that did not beat for this long is taken for dead; its stand-by takes over."""

BACKOFF_FIRST_S = 0.1
BACKOFF_MAX_S = 5.0
"""Waits after failures in a row: doubled each time between these two."""

IDLE_S = 0.02
"""How often an idle publisher looks at the log: a fact waits at most this long to be seen."""

POSITION_EVERY_S = 1.0
"""How often a publisher stores its position and beats, or five times while its lease lasts: what a crash repeats, against a
commit to disk each time."""

POLL_S = 0.5
"""How long a consumer waits for records before it looks whether it is to stop; records end the wait at once."""

SILENCE_S = 15.0
"""A reader that knows of records and gets none for this long says that it is stuck: longer than a leader's election."""

WATCH_BATCH = 500
"""Orders judged, or verdicts handed over, in one transaction of the watch."""

WATCH_EVERY_S = 1.0
"""How often the watch looks at facts and deadlines: promises are made in minutes."""
