"""The page of the shipped packs: each as the tables in which a manager would write it down, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from slaengine.policies.applies import Applies
from slaengine.policies.book import PolicyBook, pack_text, packs
from slaengine.policies.calendar_spec import CalendarSpec
from slaengine.policies.kpi import Escalation, Kpi
from slaengine.policies.limits import Limit, Table
from slaengine.policies.policy import Target, Version
from slaengine.policies.triggers import Trigger
from slaengine.policies.words import Title

HEAD = """
# Packs

Policies that ship with slaengine. Each is one [YAML file](../../src/slaengine/policies/packs) to start from; `slaengine policy
show NAME` prints its promises, and every command that takes `--policy` takes the name. Five are programmes of Chinese property
companies, two are English codes for social landlords, one is a city's. Every row of the seven is walked by a test: kept at the
last moment, missed a second later.

Of several rows with one name, an order is under the first that fits. `always` counts day and night; a working day (wd) ends with
the day's last closing time. *SLA* 服务承诺 is promised to owners, *OLA* 内部目标 by a team to its company, *contract* 合同义务
by a contractor or builder. [The glossary](../glossary.md) has the words; *row* is what a line stands for in the programme.
[Write a policy](../how-to/write-a-policy.md) says how one is made.
"""
ROWS_SHOWN_MAX = 20
"""A longer table of limits is summed up; the file has it."""

FACTS = {
    "received": "受理", "responded": "响应", "classified": "分类", "dispatched": "派单", "accepted": "接单",
    "declined": "拒单", "arrived": "到场", "plan_proposed": "提出方案", "progress_reported": "进度告知",
    "meeting_held": "召开协调会", "paused": "挂起", "resumed": "恢复", "escalated": "升级", "resolved": "解决",
    "revisited": "回访", "reopened": "重开", "closed": "关闭", "evidence_attached": "留证", "cost_charged": "费用结算",
}  # fmt: skip
UNITS = {"s": "秒", "min": "分钟", "h": "小时", "d": "天", "wd": "个工作日", "cd": "个自然日"}
KINDS = {"repair": "报修", "complaint": "投诉", "enquiry": "咨询", "service": "特约服务"}
PROMISES = {"sla": "SLA 服务承诺", "ola": "OLA 内部目标", "contract": "contract 合同义务"}
PERIODS = {"day": "日", "week": "周", "month": "月", "quarter": "季", "half_year": "半年", "year": "年"}
SIGNS = {"warned": "warning 预警", "breached": "breach 超时"}


def packs_page(notice: str) -> str:
    """Return the reference of the packs, beginning with `notice`."""
    return "\n".join([notice + HEAD, *(line for name in packs() for line in _pack(name))])


def _pack(name: str) -> Iterator[str]:
    book = PolicyBook.pack(name)
    policy = book.policy
    yield from (f"## {name}", "", _both(policy.title, "**", " · "), "", _preface(pack_text(name), policy.title.zh), "")
    for calendar, spec in policy.calendars.items():
        yield f"- Calendar `{calendar}`: {_calendar(spec)}, {policy.time_zone}"
    yield ""
    for version in policy.versions:
        yield from (f"**Version {version.version}**, from {version.effective_from:%Y-%m-%d}", "")
        yield from _version(version)


def _preface(text: str, title: str) -> str:
    """Return the comment with which the file begins, without what names the pack, tries it or says how it was made."""
    comment = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.removeprefix("#").strip())
    told = [line for line in comment if not line.startswith("Try it") and not (title and title[:6] in line)]
    return re.sub(r"Written by tools/.*?not this file\.", "", "\n".join(told), flags=re.DOTALL).strip()


def _version(version: Version) -> Iterator[str]:
    promised = [target for target in version.targets if not (isinstance(target.limit, Limit) and target.limit.kind == "none")]
    yield from (
        "| promise 指标 | for 适用 | clock 计时 | limit 时限 | calendar 日历 | kind 性质 | row 条目 |",
        "|---|---|---|---|---|---|---|",
    )
    tables: list[list[Target]] = []
    for (_, has_table), group in groupby(promised, key=lambda target: (target.name, isinstance(target.limit, Table))):
        same = list(group)
        if has_table:
            tables.append(same)
            yield _table_line(same)
        else:
            yield from map(_line, same)
    yield ""
    for same in tables:
        yield from _matrix(same)
    if version.kpis:
        yield from (
            "| figure 指标 | measure 计量 | for 适用 | goal 目标 | green · amber 绿 · 黄 | every 周期 | by 维度 | row 条目 |",
        )
        yield "|---|---|---|---|---|---|---|---|"
        yield from (_kpi(kpi) for kpi in version.kpis)
        yield ""
    if version.escalations:
        yield from (f"- {_escalation(one)}" for one in version.escalations)
    if version.waivers.reasons:
        yield f"- Excused 豁免 for: {', '.join(f'`{reason}`' for reason in version.waivers.reasons)}"
    yield ""


# ---- promises


def _line(target: Target) -> str:
    owner = f" ({target.owner})" if target.owner else ""
    return _cells(
        _both(target.title, "**", "<br>") or f"**{target.name}**",
        _applies(target.applies),
        _clock(target),
        _limit(target.limit) if isinstance(target.limit, Limit) else _span(target.limit),
        f"`{target.calendar}`",
        PROMISES[target.promise] + owner,
        target.row or "",
    )


def _table_line(targets: list[Target]) -> str:
    first = targets[0]
    common = Applies(kind=first.applies.kind)
    return _cells(
        _both(first.title, "**", "<br>") or f"**{first.name}**",
        _applies(common),
        _clock(first),
        _span(*(target.limit for target in targets if isinstance(target.limit, Table))),
        f"`{first.calendar}`",
        PROMISES[first.promise],
        first.row or "",
    )


def _span(*tables: Table) -> str:
    count = sum(len(table.rows) for table in tables)
    return (
        f"by {tables[0].by}: {count} limits, {'below 见下表' if count // len(tables) <= ROWS_SHOWN_MAX else 'in the file 见文件'}"
    )


def _matrix(targets: list[Target]) -> Iterator[str]:
    """Yield the limits of tables that differ by severity side by side, a line for each value of their dimension."""
    tables = [target.limit for target in targets if isinstance(target.limit, Table)]
    if len(tables[0].rows) > ROWS_SHOWN_MAX:
        return
    severities = [
        "`" + "`, `".join(target.applies.severity) + "`" if target.applies.severity else "others 其他" for target in targets
    ]
    yield from (
        _cells(f"{targets[0].title.en} {targets[0].title.zh}: {tables[0].by}", *severities),
        "|---" * (len(tables) + 1) + "|",
    )
    for place, (value, _) in enumerate(tables[0].rows):
        yield _cells(f"`{value}`", *(_limit(table.rows[place][1]) for table in tables))
    yield ""


def _clock(target: Target) -> str:
    start = " / ".join(_trigger(trigger) for trigger in target.start)
    stop = " / ".join(_trigger(trigger) for trigger in target.stop)
    if target.fail:
        stop += f"; fails at {' / '.join(_trigger(trigger) for trigger in target.fail)}"
    if not target.repeats:
        return f"{start} → {stop}"
    return f"{start} … {stop}: {' / '.join(_trigger(trigger) for trigger in target.beat)}"


def _trigger(trigger: Trigger) -> str:
    if trigger.after:
        return f"end of `{trigger.after}`"
    conditions = str(trigger).removeprefix(trigger.fact)
    return f"{trigger.fact.replace('_', ' ')} {FACTS[trigger.fact]}{conditions}"


def _limit(limit: Limit) -> str:
    match limit.kind:
        case "every":
            return f"{limit.text} 每{_chinese(limit.text.removeprefix('every '))}"
        case "by":
            return f"every day {limit.text} 每日{limit.text.removeprefix('by ')}前"
        case "given":
            return f"the time given: {limit.name} 约定时间"
        case _:
            return f"{limit.text} {_chinese(limit.text)}"


def _chinese(amount: str) -> str:
    number, unit = amount.rstrip("abcdefghijklmnopqrstuvwxyz ").strip(), amount.lstrip("0123456789 ")
    return f"{number} {UNITS[unit]}"


def _applies(applies: Applies) -> str:
    said = [f"{' / '.join(f'{kind} {KINDS[kind]}' for kind in applies.kind)}"] if applies.kind else []
    said += [f"{name} {_words(wanted)}" for name, wanted in applies.conditions() if name not in ("kind", "warranty")]
    if applies.warranty is not None:
        said.append("under warranty 质保期内" if applies.warranty else "out of warranty 质保期外")
    if applies.hours:
        inside, outside = applies.hours.inside, applies.hours.outside
        said.append(f"begun within `{inside}`" if inside else f"begun outside `{outside}`")
    return ", ".join(said) or "any order 所有工单"


# ---- figures, reactions, calendars


def _kpi(kpi: Kpi) -> str:
    narrowed = _applies(Applies(kind=kpi.kind, type=kpi.type))
    further = [(name, getattr(kpi, name)) for name in ("channels", "causes", "outcomes", "answers") if getattr(kpi, name)]
    narrowed += "".join(f"; {name} {_words(words)}" for name, words in further)
    measure = f"`{kpi.measure}`" + (f" of `{kpi.target}`" if kpi.target else "")
    return _cells(
        _both(kpi.title, "**", "<br>") or f"**{kpi.name}**",
        measure + (f", {kpi.within_days} days" if kpi.within_days else ""),
        narrowed,
        " → ".join(_goals(kpi)) or "none 无",
        f"{_value(kpi, kpi.bands.green)} · {_value(kpi, kpi.bands.amber)}" if kpi.bands else "",
        f"{kpi.period.replace('_', ' ')} {PERIODS[kpi.period]}",
        _words(kpi.by),
        kpi.row or "",
    )


def _goals(kpi: Kpi) -> Iterator[str]:
    for goal in kpi.goals:
        value = f"≥ {_value(kpi, goal.at_least)}" if goal.at_least is not None else f"≤ {_value(kpi, goal.at_most or 0)}"
        yield value + (f" from {goal.effective_from}" if goal.effective_from else "")


def _value(kpi: Kpi, value: float) -> str:
    return f"{value:g}" if kpi.measure in ("count", "elapsed") else f"{value * 100:g} %"


def _escalation(one: Escalation) -> str:
    share = f" at {one.share:.0%}" if one.share else ""
    of = f" of {_words(one.targets)}" if one.targets else " of any promise 任一指标"
    return f"{SIGNS[one.sign]}{share}{of}: level {one.level} 级" + (f", to `{one.to}`" if one.to else "")


def _calendar(spec: CalendarSpec) -> str:
    if spec.always:
        return "day and night"
    days = [(day, ", ".join("–".join(window) for window in windows)) for day, windows in (spec.weekly or {}).items()]
    runs = [(hours, [day for day, _ in group]) for hours, group in groupby(days, key=lambda pair: pair[1])]
    weekly = "; ".join(f"{run[0]}–{run[-1]} {hours}" if len(run) > 1 else f"{run[0]} {hours}" for hours, run in runs)
    named = spec.holidays or next((edition.holidays for edition in spec.editions if edition.holidays), None)
    if not named:
        return weekly
    if named == "china":
        return f"{weekly}, with the State Council's holidays and make-up days 国务院节假日及调休"
    return f"{weekly}, but for the holidays of `{named}`" if isinstance(named, str) else f"{weekly}, but for its holidays"


def _words(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _both(title: Title, mark: str, between: str) -> str:
    """Return a title in both languages, the English one marked."""
    return between.join(text for text in (title.en and f"{mark}{title.en}{mark}", title.zh) if text)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
