"""The words of ready reports, beside those of all reports."""

from __future__ import annotations

from collections.abc import Mapping

from slaengine.reporting.words import Lang

READY_WORDS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "daily": "Daily stock-taking",
        "monthly": "Monthly service report",
        "quarterly": "Quarterly service-quality report",
        "stock_by_person": "Open orders by responsible person",
        "stock_overdue": "Overdue, the longest first",
        "stock_open": "All open orders, complaints first, the oldest first",
        "frequent": "High-frequency matters (three or more in one building)",
        "proposals": "Standards to revise",
        "responsible": "Responsible",
        "oldest": "Oldest",
        "number": "Number",
        "late_by": "Late by",
        "age": "Age",
        "standard": "Standard",
        "why": "Why",
        "comes_often": "comes up again and again",
        "group": "Group",
        "nothing": "Nothing.",
    },
    "zh": {
        "daily": "每日盘点",
        "monthly": "月度服务报告",
        "quarterly": "季度服务质量报告",
        "stock_by_person": "按责任人的未结工单",
        "stock_overdue": "已逾期，最久者在前",
        "stock_open": "全部未结工单，投诉在前，最早者在前",
        "frequent": "高频事项（同一楼栋三次及以上）",
        "proposals": "建议修订的标准",
        "responsible": "责任人",
        "oldest": "最久",
        "number": "单号",
        "late_by": "逾期时长",
        "age": "时长",
        "standard": "标准",
        "why": "原因",
        "comes_often": "反复发生",
        "group": "分组",
        "nothing": "无。",
    },
}
