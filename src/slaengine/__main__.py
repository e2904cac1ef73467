"""`python -m slaengine` is `slaengine`."""

from slaengine.cli import run

run()
