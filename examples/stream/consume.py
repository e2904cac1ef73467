"""Count open work orders by community, from the stream, with confluent-kafka alone: `python consume.py HOST:PORT [TOPIC]`."""

import json
import sys
from collections import Counter

from confluent_kafka import Consumer

OPENS = {"slaengine.work_order.received.v1", "slaengine.work_order.reopened.v1"}
ENDS = {f"slaengine.work_order.{word}.v1" for word in ("resolved", "closed", "cancelled", "merged")}


def main(broker, topic="slaengine.work-orders"):
    settings = {"bootstrap.servers": broker, "group.id": "open-orders-example", "auto.offset.reset": "earliest"}
    consumer = Consumer(settings | {"enable.auto.commit": False, "enable.partition.eof": True})
    consumer.subscribe([topic])
    versions, community, is_open, ended = {}, {}, {}, set()
    while not ended or len(ended) < len(consumer.assignment()):
        message = consumer.poll(10)
        if message is None:
            sys.exit(f"nothing came from {topic}")
        if message.error():
            ended.add(message.partition())  # the end of a partition, for now
            continue
        headers = {name: value.decode() for name, value in message.headers()}
        order, version = message.key(), int(headers["ce_version"])
        if version <= versions.get(order, 0):
            continue  # it came again
        versions[order] = version
        fact = json.loads(message.value())
        if headers["ce_type"].startswith("slaengine.work_order.received."):
            community[order] = fact.get("place", {}).get("community", "not known")
        if headers["ce_type"] in OPENS | ENDS:
            is_open[order] = headers["ce_type"] in OPENS
    consumer.close()
    for name, count in sorted(Counter(community[order] for order in is_open if is_open[order]).items()):
        print(f"{count:6} {name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
