"""Measurements beside peers, in one run on one machine. `python -m benchmarks [NAME…]`; not part of the tests."""
