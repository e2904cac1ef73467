"""Kafka: facts and verdicts out, commands in."""
