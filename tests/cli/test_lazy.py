"""The command line loads what a command needs when it is called, and lists all of them without loading any."""

import json
import os
import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest
import typer
from typer.main import get_group

from slaengine import cli
from slaengine.cli.lazy import COMMANDS, loaded

HEAVY = {"pydantic", "sqlalchemy", "eventsourcing", "numpy"}


def summary(text: str | None) -> str:
    """Return the first paragraph on one line, as help lists it."""
    return " ".join((text or "").split("\n\n")[0].split())


def test_the_table_says_what_the_modules_say():
    for name, listed in COMMANDS.items():
        command = loaded(listed.module)[name]
        assert summary(command.help) == listed.summary, name


def test_every_command_of_every_module_stands_in_the_table():
    found = set()
    for module in pkgutil.iter_modules(cli.__path__):
        register = getattr(import_module(f"slaengine.cli.{module.name}"), "register", None)
        if register is not None and "audit" not in register.__code__.co_varnames[:1]:
            own = typer.Typer()
            register(own)
            found |= {(name, module.name) for name in get_group(own).commands}
    assert {(name, listed.module) for name, listed in COMMANDS.items()} == found


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_what_needs_no_library_loads_none(argument):
    code = (
        "import contextlib, json, sys\nfrom slaengine.cli import run\n"
        f"with contextlib.suppress(SystemExit): run(['{argument}'])\n"
        "sys.stderr.write(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"}
    )
    assert not HEAVY & set(json.loads(done.stderr))
    if argument == "--help":
        for name, listed in COMMANDS.items():
            assert f"{name} " in done.stdout
            assert listed.summary.replace("`", "")[:60] in done.stdout
    else:
        assert done.stdout.startswith("slaengine ")


def test_an_unknown_command_is_named_with_a_suggestion(slaengine):
    ran = slaengine("reprot")
    assert ran.code == 2
    assert "reprot" in ran.err
    assert "report" in ran.err
