"""The words of reports in English and Chinese, and how numbers are written for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from slaengine.errors import UsageError, nearest

Lang = Literal["en", "zh"]
LANGS: tuple[str, ...] = get_args(Lang)

ENGLISH = {
    "report": "Service report",
    "compliance": "Compliance",
    "closure": "Closure",
    "backlog": "Backlog",
    "ageing": "Age of open orders",
    "flow": "Received, ended, open",
    "by_month": "Compliance by month",
    "by_type": "Compliance by type",
    "figures": "All figures",
    "as_of": "as of",
    "known_at": "known at",
    "policy": "Policy",
    "period": "Period",
    "period_received": "Received in",
    "period_closed": "Closed in",
    "period_due": "Due in",
    "period_stopped": "Stopped in",
    "target": "Target",
    "promise": "Promise",
    "met": "Met",
    "missed": "Missed",
    "running": "Running",
    "overdue": "Overdue",
    "waived": "Waived",
    "cancelled": "Cancelled",
    "merged": "Merged",
    "not_measurable": "Not measurable",
    "rate": "Rate",
    "raw_rate": "Before waivers",
    "p50_s": "Median",
    "p90_s": "90 % within",
    "goal": "Goal",
    "band": "Band",
    "green": "green",
    "amber": "amber",
    "red": "red",
    "received": "Received",
    "ended": "Ended",
    "open": "Open",
    "resolved": "Resolved",
    "closed": "Closed",
    "closed_loop": "Closed loop",
    "resolved_rate": "Resolved rate",
    "closure_rate": "Closure rate",
    "closed_loop_rate": "Closed-loop rate",
    "revisits_due": "Revisits due",
    "revisited": "Revisited",
    "revisit_rate": "Revisit rate",
    "reopened": "Reopened",
    "recurred": "Recurred",
    "nothing_restated": "Nothing that has become known since changes a figure.",
    "restated_figures": "Figures that are others now",
    "restated_orders": "Orders that are counted otherwise",
    "learnt_since": "Recorded since",
    "verdicts": "Verdicts",
    "figure": "Figure",
    "group": "Group",
    "number": "Number",
    "now": "Now",
    "change": "Change",
    "later": "late by",
    "unknown": "(not known)",
    "all": "All orders",
    "orders": "orders",
    "clocks": "clocks",
    "others": "others",
    "kind": "Kind",
    "holder": "Held by",
    "type": "Type",
    "severity": "Severity",
    "channel": "Channel",
    "community": "Community",
    "building": "Building",
    "team": "Team",
    "person": "Person",
    "party": "Party",
    "source": "Source",
    "received_by": "Received by",
    "cause": "Cause",
    "outcome": "Outcome",
    "satisfaction": "Satisfaction",
    "method": "Revisited by",
    "status": "Status",
    "kpis": "Key figures",
    "kpi": "Key figure",
    "above": "Counted",
    "below": "Of",
    "value": "Value",
    "rate_rule": "Rate = met / (met + missed + overdue). Running, waived, cancelled and not measurable ones are not in it.",
    "no_figures": "Nothing was received up to this instant.",
    "table_of": "Figures of this chart",
}
CHINESE = {
    "report": "服务质量报告",
    "compliance": "时限达标",
    "closure": "办结情况",
    "backlog": "未结工单",
    "ageing": "未结工单的时长",
    "flow": "受理、结束与在办",
    "by_month": "按月达标率",
    "by_type": "按类型达标率",
    "figures": "全部数据",
    "as_of": "截至",
    "known_at": "以当时所知",
    "policy": "标准",
    "period": "期间",
    "period_received": "受理期间",
    "period_closed": "关闭期间",
    "period_due": "到期期间",
    "period_stopped": "完成期间",
    "target": "时限项目",
    "promise": "承诺",
    "met": "达标",
    "missed": "超时",
    "running": "进行中",
    "overdue": "已逾期",
    "waived": "免责",
    "cancelled": "取消",
    "merged": "合并",
    "not_measurable": "无标准",
    "rate": "达标率",
    "raw_rate": "免责前",
    "p50_s": "中位数",
    "p90_s": "九成用时",
    "goal": "目标",
    "band": "等级",
    "green": "绿",
    "amber": "黄",
    "red": "红",
    "received": "受理",
    "ended": "结束",
    "open": "在办",
    "resolved": "解决",
    "closed": "关闭",
    "closed_loop": "闭环",
    "resolved_rate": "解决率",
    "closure_rate": "办结率",
    "closed_loop_rate": "闭环率",
    "revisits_due": "应回访",
    "revisited": "已回访",
    "revisit_rate": "回访率",
    "reopened": "重开",
    "recurred": "复发",
    "nothing_restated": "此后得知的情况没有改变任何数字。",
    "restated_figures": "现已变更的数字",
    "restated_orders": "统计结果变更的工单",
    "learnt_since": "此后记录",
    "verdicts": "判定",
    "figure": "指标",
    "group": "分组",
    "number": "工单号",
    "now": "现在",
    "change": "变化",
    "later": "迟记",
    "unknown": "（未知）",
    "all": "全部工单",
    "orders": "单",
    "clocks": "项",
    "others": "其他",
    "kind": "类别",
    "holder": "占用方",
    "type": "类型",
    "severity": "紧急程度",
    "channel": "渠道",
    "community": "小区",
    "building": "楼栋",
    "team": "班组",
    "person": "人员",
    "party": "责任方",
    "source": "来源",
    "received_by": "首问人",
    "cause": "原因",
    "outcome": "结果",
    "satisfaction": "满意度",
    "method": "回访方式",
    "status": "状态",
    "kpis": "关键指标",
    "kpi": "指标",
    "above": "分子",
    "below": "分母",
    "value": "数值",
    "rate_rule": "达标率＝达标÷（达标＋超时＋已逾期）；进行中、免责、取消和无标准的不计入。",
    "no_figures": "截至此时没有受理任何工单。",
    "table_of": "本图数据",
}
WORDS: Mapping[Lang, Mapping[str, str]] = {"en": ENGLISH, "zh": CHINESE}


def as_lang(word: str) -> Lang:
    """Return `word` as a language.

    Raises:
        UsageError: there are no words in it.
    """
    if word not in LANGS:
        raise UsageError(f"reports are not written in '{word}'{nearest(word, LANGS)} (languages: {', '.join(LANGS)})")
    return word  # type: ignore[return-value]


def dimension(name: str, lang: Lang) -> str:
    """Return the heading of a dimension; labels and type prefixes keep their own names."""
    return WORDS[lang].get(name, name.removeprefix("label."))


def percent(share: float | None) -> str:
    """Return a share as `93.5 %`; `–` for None."""
    return "–" if share is None else f"{share * 100:.1f} %"


def duration(seconds: float | None) -> str:
    """Return a length of time in its natural unit: `45 s`, `12.5 min`, `73.0 h`; `–` for None."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:,.1f} h"
