"""Helpers for those who test with slaengine: given/when/then, examples, strategies, brokers."""
