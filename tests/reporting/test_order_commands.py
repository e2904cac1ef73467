AT = ("--as-of", "2026-01-20T00:00:00Z")


def test_orders_are_listed_the_last_received_first(slaengine):
    assert [order["number"] for order in slaengine("orders", *AT, "--json").json] == ["D-1", "C-1", "A-2", "B-2", "B-1", "A-1"]


def test_orders_can_be_narrowed_to_what_a_clock_stands_at(slaengine):
    def numbers(*argv):
        return [order["number"] for order in slaengine("orders", *AT, *argv, "--json").json]

    assert numbers("--verdict", "overdue") == ["C-1", "A-2"]
    assert numbers("--verdict", "overdue", "--target", "fix") == ["C-1"]
    assert numbers("--verdict", "waived") == ["B-2"]
    assert numbers("--verdict", "not_measurable", "--target", "fix") == ["D-1"]
    assert numbers("--status", "closed", "--where", "team=water") == ["B-1"]
    assert numbers("--where", "type.1=lift", "--limit", "1") == ["A-2"]


def test_the_figures_of_a_report_are_the_orders_of_the_list(slaengine):
    row = slaengine("report", *AT, "--target", "fix", "--json").json["rows"][0]
    for verdict in ("met", "missed", "running", "overdue", "waived", "cancelled", "not_measurable"):
        listed = slaengine("orders", *AT, "--target", "fix", "--verdict", verdict, "--json").json
        assert len(listed) == row[verdict]


def test_the_past_lists_what_was_so_then(slaengine):
    then = slaengine("orders", "--as-of", "2026-01-08T03:00:00Z", "--json").json
    assert [(order["number"], order["status"]) for order in then] == [
        ("A-2", "open"), ("B-2", "open"), ("B-1", "open"), ("A-1", "closed"),
    ]  # fmt: skip


def test_the_clocks_of_an_order_are_read_at_an_instant(slaengine):
    clock = slaengine("clocks", "C-1", "--as-of", "2026-01-18T06:00:00Z", "--json").json[0]
    assert (clock["target"], clock["verdict"], clock["limit"], clock["elapsed_s"]) == ("fix", "running", "24 h", 6 * 3600.0)
    assert (clock["started_at"], clock["due_at"], clock["stopped_at"]) == ("2026-01-18T00:00:00Z", "2026-01-19T00:00:00Z", None)
    assert "2026-01-19 08:00:00" in slaengine("clocks", "C-1", *AT).out


def test_the_timeline_has_both_times_and_points_at_late_records(slaengine):
    items = slaengine("timeline", "A-1", "--json", policy=False).json
    names = ["received", "classified", "dispatched", "resolved", "revisited", "closed", "verdict_stated"]
    assert [item["name"] for item in items] == names
    assert items[0]["occurred_at"] == "2026-01-05T00:00:00Z"
    assert items[0]["recorded_at"] == "2026-01-20T00:00:00Z"
    assert items[0]["late_s"] == 15 * 86_400
    assert "360.0 h" in slaengine("timeline", "A-1", policy=False).out


def test_an_unknown_order_is_named(slaengine):
    ran = slaengine("clocks", "Z-9")
    assert ran.code == 1
    assert "no work order 'Z-9'" in ran.err


def test_the_comparison_names_what_differs(slaengine):
    ran = slaengine("compare", "--target", "fix", "--json")
    row = ran.json["rows"][0]
    assert (row["agree"], row["differ"], ran.json["differing"]) == (1, 1, ["B-1"])
    assert slaengine("compare", "--target", "fix", "--strict").code == 1
    assert "1 of 2 verdicts agree (50.0 %). These differ: B-1" in slaengine("compare", "--target", "fix").out
