"""Helpers for those who test with slaengine: given/when/then, examples, strategies, generated towns, brokers and databases."""

from slaengine.testing.scenario import given

__all__ = ["given"]
