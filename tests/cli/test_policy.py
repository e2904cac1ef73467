"""`slaengine policy …` as its user meets it."""

import json

import pytest
import yaml
from tests.cli.conftest import Ran

from slaengine.cli import run

STORE = "sqlite:///orders.db"


@pytest.fixture
def slaengine(tmp_path, monkeypatch, capsys):
    """Run `slaengine ARGS…` in an empty folder, within this process: the same lines as in one of its own, sooner."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def command(*args):
        with pytest.raises(SystemExit) as leaving:
            run([str(arg) for arg in args])
        said = capsys.readouterr()
        return Ran(leaving.value.code, said.out, said.err)

    return command


def test_the_packs_are_listed_and_shown(slaengine):
    listed = slaengine("policy", "list", "--json")
    assert listed.code == 0
    packs = {item["policy"]: item for item in listed.json}
    assert packs["boston-311"]["targets"] == ["given", "resolution"]
    assert [version["version"] for version in packs["boston-311"]["versions"]] == ["2011", "2014", "2015"]
    assert "service-standard" in slaengine("policy", "list").out


@pytest.mark.parametrize(("lang", "words"), [("en", "Site survey and first plan"), ("zh", "现场勘查与初步方案")])
def test_a_pack_is_shown_as_a_table_in_either_language(slaengine, lang, words):
    shown = slaengine("policy", "show", "service-standard", "--lang", lang)
    assert (shown.code, words in shown.out) == (0, True)
    assert slaengine("policy", "show", "service-standard", "--lang", "fr").code == 2


def test_a_policy_shown_as_json_has_every_target_with_its_limit(slaengine):
    (version,) = slaengine("policy", "show", "front-desk", "--json").json["versions"]
    assert [(target["target"], target["for"], target["limit"]) for target in version["targets"]] == [
        ("answer", "kind enquiry", "5 min"),
        ("feedback", "kind complaint", "24 h"),
    ]


def test_a_new_policy_lints_clean_and_is_never_written_over_another(slaengine, tmp_path):
    assert slaengine("policy", "new", "--out", "ours.yaml", "--zone", "Europe/Paris").code == 0
    assert yaml.safe_load((tmp_path / "ours.yaml").read_text(encoding="utf-8"))["time_zone"] == "Europe/Paris"
    linted = slaengine("policy", "lint", "ours.yaml")
    assert (linted.code, linted.out, "0 warnings" in linted.err) == (0, "", True)
    again = slaengine("policy", "new", "--out", "ours.yaml")
    assert (again.code, "is there already" in again.err) == (2, True)


def test_lint_leaves_with_one_when_it_warns_and_says_where(slaengine, tmp_path):
    (tmp_path / "ours.yaml").write_text(
        'policy: ours\nversion: "1"\neffective_from: 2026-01-01\ntargets:\n'
        "  - {name: done, stop: resolved, limit: 1 h}\n  - {name: done, stop: resolved, limit: 2 h}\n",
        encoding="utf-8",
    )
    linted = slaengine("policy", "lint", "ours.yaml")
    assert linted.code == 1
    assert "ours.yaml:6:5: warning: targets[1] 'done': it can never match" in linted.out
    (finding,) = slaengine("policy", "lint", "ours.yaml", "--json").json
    assert (finding["kind"], finding["weight"], finding["line"]) == ("never_matches", "warning", 6)


def test_lint_doubts_types_that_no_order_has(slaengine, tmp_path):
    (tmp_path / "types.txt").write_text("facility.lift\nservice\n", encoding="utf-8")
    (tmp_path / "ours.yaml").write_text(
        'policy: ours\nversion: "1"\neffective_from: 2026-01-01\ntargets:\n'
        "  - {name: done, applies: {type: facility.lfit}, stop: resolved, limit: 1 h}\n"
        "  - {name: done, stop: resolved, limit: 2 h}\n",
        encoding="utf-8",
    )
    linted = slaengine("policy", "lint", "ours.yaml", "--types", "types.txt")
    assert (linted.code, "did you mean 'facility.lift'?" in linted.out) == (1, True)


def test_a_typo_is_one_line_with_its_place_and_no_traceback(slaengine, tmp_path):
    (tmp_path / "ours.yaml").write_text('policy: ours\nversion: "1"\neffective_form: 2026-01-01\ntargets: []\n', encoding="utf-8")
    refused = slaengine("policy", "lint", "ours.yaml")
    assert refused.code == 1
    assert "ours.yaml:3:1: effective_form: there is no such field; did you mean 'effective_from'?" in refused.err
    assert "Traceback" not in refused.err


def test_a_policy_is_published_once_and_then_known_by_its_name(slaengine):
    slaengine("policy", "new", "--out", "ours.yaml")
    dry = slaengine("policy", "publish", "ours.yaml", "--store", STORE, "--dry-run")
    assert (dry.code, "would be published" in dry.err) == (0, True)
    first = slaengine("policy", "publish", "ours.yaml", "--store", STORE, "--by", "li")
    assert (first.code, "ours 1, from 2026-01-01T00:00:00+08:00, new_orders: published" in first.err) == (0, True)
    assert "is published already" in slaengine("policy", "publish", "ours.yaml", "--store", STORE).err
    listed = slaengine("policy", "list", "--store", STORE, "--json").json
    assert [item["policy"] for item in listed if item["where"] == "published"] == ["ours"]
    assert slaengine("policy", "show", "ours", "--store", STORE, "--json").json["time_zone"] == "Asia/Shanghai"


def test_a_published_version_cannot_be_published_with_other_contents(slaengine, tmp_path):
    slaengine("policy", "new", "--out", "ours.yaml")
    slaengine("policy", "publish", "ours.yaml", "--store", STORE)
    file = tmp_path / "ours.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("15 min", "20 min"), encoding="utf-8")
    refused = slaengine("policy", "publish", "ours.yaml", "--store", STORE)
    assert (refused.code, "published with other contents" in refused.err) == (1, True)


def test_a_date_and_a_scope_can_be_given_when_it_is_published(slaengine):
    slaengine("policy", "new", "--out", "ours.yaml")
    given = ("--effective-from", "2026-03-01", "--scope", "open_clocks")
    first = slaengine("policy", "publish", "ours.yaml", "--store", STORE, *given)
    assert (first.code, "ours 1, from 2026-03-01T00:00:00+08:00, open_clocks: published" in first.err) == (0, True)
    other = slaengine("policy", "publish", "ours.yaml", "--store", STORE)
    assert (other.code, "published with effect from 2026-02-28T16:00:00+00:00" in other.err) == (1, True)
    assert slaengine("policy", "publish", "ours.yaml", "--store", STORE, "--effective-from", "soon").code == 2


def test_several_policies_are_linted_at_once(slaengine):
    linted = slaengine("policy", "lint", "front-desk", "awaab-2025")
    assert linted.code == 0
    assert ("front-desk: 0 warnings" in linted.err, "awaab-2025: 0 warnings" in linted.err) == (True, True)


def test_a_new_policy_goes_to_stdout_unless_a_file_is_named(slaengine, tmp_path):
    shown = slaengine("policy", "new")
    assert (shown.code, yaml.safe_load(shown.out)["policy"]) == (0, "ours")
    assert list(tmp_path.iterdir()) == []


def test_diff_says_what_is_promised_otherwise(slaengine, tmp_path):
    slaengine("policy", "new", "--out", "ours.yaml")
    text = (tmp_path / "ours.yaml").read_text(encoding="utf-8")
    (tmp_path / "next.yaml").write_text(text.replace("limit: 15 min", "limit: 10 min"), encoding="utf-8")
    same = slaengine("policy", "diff", "ours.yaml", "ours.yaml")
    assert (same.code, same.out) == (0, "")
    changed = slaengine("policy", "diff", "ours.yaml", "next.yaml")
    assert (changed.code, changed.out) == (1, "target response for severity urgent: limit 15 min → 10 min\n")
    assert slaengine("policy", "diff", "ours.yaml", "next.yaml", "--json").json == [
        {
            "what": "changed",
            "part": "target",
            "name": "response",
            "applies": "severity urgent",
            "field": "limit",
            "before": "15 min",
            "after": "10 min",
        }
    ]


def test_diff_compares_versions_of_one_policy_too(slaengine):
    named = slaengine("policy", "diff", "complaint-code-2024@2022", "complaint-code-2024@2024")
    assert (named.code, "start received → " in named.out) == (1, True)
    assert "complaint-code-2024 2022 (from 2022-10-01T00:00:00+01:00) to complaint-code-2024 2024 (from 2024-04-01" in named.err
    last = slaengine("policy", "diff", "complaint-code-2024")
    assert (last.code, last.out) == (1, named.out)
    alone = slaengine("policy", "diff", "front-desk")
    assert (alone.code, alone.err) == (
        2,
        "slaengine: 'front-desk' has one version only; name a second policy to compare it with\n",
    )
    unknown = slaengine("policy", "diff", "complaint-code-2024@2023", "complaint-code-2024")
    assert (unknown.code, "has no version '2023'" in unknown.err) == (1, True)


def test_the_schema_is_printed_for_editors(slaengine):
    assert json.loads(slaengine("policy", "schema").out)["properties"]["targets"]


def test_what_is_neither_a_pack_nor_a_file_is_refused(slaengine):
    assert slaengine("policy", "show", "servce-standard").code == 1
    assert "did you mean 'service-standard'" in slaengine("policy", "show", "servce-standard").err
    assert slaengine("policy", "lint", "nowhere.yaml").code == 2
    assert slaengine("policy", "publish", "front-desk", "--store", STORE, "--scope", "all").code == 2
