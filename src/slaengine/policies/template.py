"""A commented starting point for a policy of one's own."""

from __future__ import annotations

TEMPLATE = """\
# yaml-language-server: $schema=policy.schema.json
# A policy: what is promised, to whom, within what time. Read it from top to bottom, change what is yours, then:
#
#   slaengine policy lint {file}          finds what is doubtful
#   slaengine policy show {file}          shows it as a table
#
# Editors complete it when they know its schema: slaengine policy schema > policy.schema.json
policy: {name}
title: {{en: Our service promises, zh: 服务承诺}}
time_zone: {zone}                 # dates and times without an offset are in this zone
holder: company                   # who holds an order that was handed to nobody else

calendars:                        # `always`, day and night, needs no definition
  office:
    weekly:
      mon: [["08:30", "12:00"], ["13:00", "17:30"]]
      tue: [["08:30", "12:00"], ["13:00", "17:30"]]
      wed: [["08:30", "12:00"], ["13:00", "17:30"]]
      thu: [["08:30", "12:00"], ["13:00", "17:30"]]
      fri: [["08:30", "12:00"], ["13:00", "17:30"]]
    holidays: ours                # or `china`: the State Council's, with make-up working days
holiday_lists:
  ours:
    2026-01-01: New Year's Day

version: "1"                      # a change of promises is a new version with its own date: never edit a published one
effective_from: 2026-01-01        # clocks that start from then on are judged by this version
scope: new_orders                 # or open_clocks, or restate

targets:                          # in order: of targets with the same name the first that applies wins
  - name: response
    title: {{en: First response, zh: 首次响应}}
    applies: {{severity: urgent}}   # kind, type, severity, channel, party, community, building, warranty, source, labels, hours
    stop: [responded, arrived, resolved]    # any of these; start is `received` unless you say otherwise
    limit: 15 min
    warn: [0.5, 0.8]              # warn when so much of the limit is used
  - name: response
    title: {{en: First response, zh: 首次响应}}
    stop: [responded, arrived, resolved]
    limit: 4 h
    calendar: office              # only its open time counts
    warn: [0.8]
  - name: resolution
    title: {{en: Resolved, zh: 解决}}
    stop: [resolved, closed]
    limit: 3 wd                   # by the end of the third working day; the day of receipt is day 0
    calendar: office
    pause: [waiting_for_owner]    # while the order waits for this, the clock stands still
    reopen: continue              # or restart, new_cycle, ignore
  - name: revisit
    title: {{en: Revisit by telephone, zh: 电话回访}}
    start: resolved
    stop: {{fact: revisited, method: telephone}}
    limit: 48 h

waivers:
  reasons: [natural_disaster]     # a breach can be excused for these reasons only

kpis:
  - name: resolution_rate
    measure: compliance
    target: resolution
    goals: [{{at_least: 0.95}}]
    bands: {{green: 0.95, amber: 0.90}}
"""


def starting_point(name: str, file: str, zone: str) -> str:
    """Return the YAML of a commented policy of this name, to be kept in `file`; it lints clean."""
    return TEMPLATE.format(name=name, file=file, zone=zone)
