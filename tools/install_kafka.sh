#!/usr/bin/env bash
# What the tests need for Apache Kafka: Java 17+ and Maven, and Kafka's jars in the user's cache. Says aloud what it cannot do; never fails.
set -u
missing=()
command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
command -v mvn >/dev/null || missing+=(maven)
if [ "${#missing[@]}" -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1 ||
            echo "install_kafka: could not install ${missing[*]}; tests against Apache Kafka will be skipped"
    else
        echo "install_kafka: ${missing[*]} missing and not installable here; tests against Apache Kafka will be skipped"
    fi
fi
"${PYTHON:-python3}" -c 'from slaengine.testing.kafka_jars import jars; jars()' 2>&1 | tail -n 1 | sed 's/^/install_kafka: /'
exit 0
