"""The words of explanations in English and Chinese, and how their times and lengths are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from slaengine.reporting.words import Lang

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
WALL_DAYS_FROM = 2 * DAY
"""A length by the wall clock is told in days from here on."""
COUNTED_DAYS_FROM = 10 * DAY
"""What counts day and night is told in days from here on; limits of 48 h and 72 h are spoken of in hours."""

ENGLISH = {
    "title": "{title} on order {order}",
    "title_alone": "{title}",
    "cycle": " (clock {cycle} of {cycles})",
    "met": "Met, with {left} to spare.",
    "missed": "Missed by {over}.",
    "failed": "Missed: what happened undid the promise at once, with {left} left.",
    "missed_closed": "Missed: it ended {overdue} after it was due, all of it closed or paused time.",
    "overdue": "Overdue by {over}, and not done yet.",
    "overdue_closed": "Overdue: due {overdue} ago, all of it closed or paused time since.",
    "running": "Running, {left} left.",
    "waiting": "Paused, {left} left once it goes on.",
    "cancelled": "Cancelled: it fell away before it was due.",
    "cancelled_late": "Cancelled, although its limit had run out {overdue} before.",
    "waived": "Excused. Without the waiver: {raw}",
    "promise": "promise",
    "sla": "{limit}, promised to the customer",
    "ola": "{limit}, an aim inside the company",
    "contract": "{limit}, owed by contract",
    "limit_days": "{n} working days",
    "limit_calendar_days": "{n} calendar days",
    "limit_every": "every {n}",
    "limit_by": "by {at}",
    "limit_given": "the time given with the order",
    "in_calendar": "{words}; counted in the calendar '{calendar}', {zone}",
    "policy": "policy",
    "by_policy": "{title} ({policy}), version {edition}, in force since {since}",
    "plain_policy": "{policy}, version {edition}, in force since {since}",
    "calendars_since": ", its calendars as they are since {since}",
    "row": "programme",
    "started": "started",
    "due": "due",
    "stopped": "stopped",
    "ended": "ended",
    "as_of": "as of",
    "known_at": "known at",
    "still": "{at}, still running",
    "counted_of": "counted",
    "sum": "{elapsed} of {limit} allowed",
    "sum_paused": "{sum}; {paused} more were taken out",
    "waiver": "waiver",
    "waiver_told": "approved {at} (fact {fact}), reason: {reason}",
    "changed": "changed",
    "change": "{at}: {what}; before: {before}; after: {after}",
    "standing": "{limit}, version {edition}, started {started}, {due}",
    "standing_due": "due {due}",
    "standing_waiting": "paused",
    "reclassified": "reclassified (fact {fact})",
    "reassigned": "given to others (fact {fact})",
    "reopened": "reopened (fact {fact})",
    "policy_changed": "the policy's new version took the clock over",
    "by_fact": "{name} (fact {fact})",
    "by_deadline": "the deadline itself",
    "late_record": "{text}, recorded only on {recorded}",
    "waiting_due": "unknowable while it is paused; without the pause {first}",
    "open_time": "{amount} of open time from the start",
    "every": "{amount} of open time from the start of this round",
    "always": "{amount} from the start, day and night",
    "working_days": "{limit}: {rule}",
    "calendar_days": "{limit} later at the same time of day, open or not",
    "given": "given with the order as '{name}'",
    "by": "{limit} on the first working day on which that is still ahead",
    "by_next_day": "{limit} on the first working day after the day of the start",
    "next_opening": " (a limit that ends at closing time is due at the next opening)",
    "moved": "{words}; first due {first}, pauses moved it by {moved}",
    "end_of_day": "closing time of the last of them",
    "end_of_date": "midnight at the end of the last of them",
    "same_local_time_then_roll_forward": "the last of them at the start's time of day, or the next opening after that",
    "roll_start_forward_then_same_local_time": "counted from the first open moment, the last of them at that time of day",
    "roll_to_opening": "counted from the first open moment, the last of them at that time of day",
    "skip_non_working_keep_local_time": "counted from the first working day, the last of them at the start's time of day",
    "skip_closed_days_keep_local_time": "the last of them at the start's time of day",
    "roll_late_start_then_same_local_time": "a start after closing counts from the next opening; the last of them at that time",
    "days_table": "the days, by date",
    "day_0": "counting begins",
    "day_n": "working day {n}",
    "days_n_m": "working days {n} to {m}",
    "day_before": "the day of the start; counting begins later",
    "make_up": "make-up working day",
    "segments_table": "every second from {from_at} on",
    "from": "from",
    "length": "length",
    "counts": "counts",
    "total": "total",
    "cause": "what it was",
    "counted": "counted",
    "closed": "closed: {reasons}",
    "paused": "paused: {reasons} ({facts})",
    "paused_out": "paused: {reasons} ({facts}), {out} of open time taken out",
    "stopped_out": "stopped, then reopened ({facts}), {out} of open time taken out",
    "routine": "counted on {days} days; closed between: {reasons}",
    "fact": "fact {facts}",
    "facts": "facts {facts}",
    "ran_out": "the limit ran out",
    "end_stopped": "stopped: {by}",
    "end_now": "still running",
    "end_waiting": "still paused",
    "end_cancelled": "cancelled: {by}",
    "night": "outside hours",
    "weekend": "weekend",
    "special hours": "special hours of the day",
    "holiday": "holiday",
    "times": "{reason} ({n} times)",
    "weekends": "{n} weekends",
    "nothing": "no clock of this order has started, or no target of the policy covers it",
    "comma": ", ",
    "unit_d": " d",
    "unit_h": " h",
    "unit_min": " min",
    "unit_s": " s",
}
CHINESE = {
    "title": "工单 {order}：{title}",
    "title_alone": "{title}",
    "cycle": "（第 {cycle} 次计时，共 {cycles} 次）",
    "met": "达标，尚余 {left}。",
    "missed": "超时 {over}。",
    "failed": "未履约：承诺当即落空，尚余 {left}。",
    "missed_closed": "超时：到期后 {overdue} 才结束，其间均为非服务时间或暂停时间。",
    "overdue": "已逾期 {over}，尚未完成。",
    "overdue_closed": "已逾期：到期已 {overdue}，其间均为非服务时间或暂停时间。",
    "running": "进行中，剩余 {left}。",
    "waiting": "暂停中，恢复后剩余 {left}。",
    "cancelled": "取消：到期前已不再需要。",
    "cancelled_late": "取消，此前时限已过 {overdue}。",
    "waived": "免责。未计免责时：{raw}",
    "promise": "承诺",
    "sla": "{limit}，对客户的承诺",
    "ola": "{limit}，公司内部目标",
    "contract": "{limit}，合同义务",
    "limit_days": "{n} 个工作日",
    "limit_calendar_days": "{n} 个自然日",
    "limit_every": "每 {n}",
    "limit_by": "{at} 前",
    "limit_given": "随工单给定的时限",
    "in_calendar": "{words}；按日历“{calendar}”计时（{zone}）",
    "policy": "标准",
    "by_policy": "{title}（{policy}）版本 {edition}，自 {since} 起施行",
    "plain_policy": "{policy} 版本 {edition}，自 {since} 起施行",
    "calendars_since": "，日历自 {since} 起如此",
    "row": "方案条目",
    "started": "开始",
    "due": "到期",
    "stopped": "结束",
    "ended": "终止",
    "as_of": "截至",
    "known_at": "以当时所知",
    "still": "{at}，仍在计时",
    "counted_of": "计时",
    "sum": "{elapsed}，时限 {limit}",
    "sum_paused": "{sum}；另扣除 {paused}",
    "waiver": "免责",
    "waiver_told": "{at} 批准（事实 {fact}），原因：{reason}",
    "changed": "变更",
    "change": "{at}：{what}；之前：{before}；之后：{after}",
    "standing": "{limit}，版本 {edition}，{started} 开始，{due}",
    "standing_due": "{due} 到期",
    "standing_waiting": "暂停中",
    "reclassified": "重新分类（事实 {fact}）",
    "reassigned": "改派（事实 {fact}）",
    "reopened": "重开（事实 {fact}）",
    "policy_changed": "新版本标准接管本计时",
    "by_fact": "{name}（事实 {fact}）",
    "by_deadline": "到达截止时刻",
    "late_record": "{text}，{recorded} 补录",
    "waiting_due": "暂停期间无法确定；不计暂停则为 {first}",
    "open_time": "自开始起 {amount} 服务时间",
    "every": "自本轮开始起 {amount} 服务时间",
    "always": "自开始起 {amount}，昼夜计时",
    "working_days": "{limit}：{rule}",
    "calendar_days": "{limit}后的同一时刻，不论是否营业",
    "given": "随工单给定的时限“{name}”",
    "by": "其后首个工作日 {limit}",
    "by_next_day": "开始当日之后首个工作日 {limit}",
    "next_opening": "（时限恰在下班时用完的，到下一次上班时到期）",
    "moved": "{words}；原到期 {first}，因暂停顺延 {moved}",
    "end_of_day": "至最后一个工作日下班",
    "end_of_date": "至最后一个工作日二十四时",
    "same_local_time_then_roll_forward": "至最后一个工作日的开始时刻，如已下班则顺延至下次上班",
    "roll_start_forward_then_same_local_time": "自首个服务时刻起算，至最后一个工作日的同一时刻",
    "roll_to_opening": "自首个服务时刻起算，至最后一个工作日的同一时刻",
    "skip_non_working_keep_local_time": "自首个工作日起算，至最后一个工作日的开始时刻",
    "skip_closed_days_keep_local_time": "至最后一个工作日的开始时刻",
    "roll_late_start_then_same_local_time": "下班后开始的自下次上班起算，至最后一个工作日的同一时刻",
    "days_table": "逐日计算",
    "day_0": "起算日",
    "day_n": "第 {n} 个工作日",
    "days_n_m": "第 {n} 至 {m} 个工作日",
    "day_before": "开始当日，尚未起算",
    "make_up": "调休上班日",
    "segments_table": "自 {from_at} 起的每一秒",
    "from": "自",
    "length": "时长",
    "counts": "计入",
    "total": "累计",
    "cause": "缘由",
    "counted": "计时",
    "closed": "不计时：{reasons}",
    "paused": "暂停：{reasons}（{facts}）",
    "paused_out": "暂停：{reasons}（{facts}），扣除服务时间 {out}",
    "stopped_out": "结束后重开（{facts}），扣除服务时间 {out}",
    "routine": "在 {days} 天内计时；其间不计：{reasons}",
    "fact": "事实 {facts}",
    "facts": "事实 {facts}",
    "ran_out": "时限用尽",
    "end_stopped": "结束：{by}",
    "end_now": "仍在计时",
    "end_waiting": "仍在暂停",
    "end_cancelled": "取消：{by}",
    "night": "非服务时间",
    "weekend": "周末",
    "special hours": "当日特别安排",
    "holiday": "节假日",
    "times": "{reason} {n} 次",
    "weekends": "{n} 个周末",
    "nothing": "本工单没有已开始的计时，或没有适用的指标",
    "comma": "、",
    "unit_d": " 天",
    "unit_h": " 小时",
    "unit_min": " 分",
    "unit_s": " 秒",
}
WORDS: Mapping[Lang, Mapping[str, str]] = {"en": ENGLISH, "zh": CHINESE}

FACTS_IN_CHINESE = {
    "received": "受理",
    "responded": "响应",
    "classified": "分类",
    "dispatched": "派单",
    "accepted": "接单",
    "declined": "拒单",
    "arrived": "到场",
    "plan_proposed": "提出方案",
    "progress_reported": "进度告知",
    "meeting_held": "召开协调会",
    "paused": "挂起",
    "resumed": "恢复",
    "escalated": "升级",
    "resolved": "解决",
    "revisited": "回访",
    "reopened": "重开",
    "closed": "关闭",
    "cancelled": "作废",
    "merged": "合并",
    "waiver_requested": "申请免责",
    "waiver_approved": "批准免责",
    "waiver_refused": "拒绝免责",
    "corrected": "更正",
    "evidence_attached": "附上证据",
    "cost_charged": "计费",
    "verdict_stated": "来源判定",
}
WEEKDAYS: Mapping[Lang, str] = {"en": "Mon Tue Wed Thu Fri Sat Sun", "zh": "周一 周二 周三 周四 周五 周六 周日"}


def fact_name(name: str, lang: Lang) -> str:
    """Return a fact's name for people."""
    return FACTS_IN_CHINESE.get(name, name) if lang == "zh" else name.replace("_", " ")


def spell(length: int, lang: Lang, *, days_from: int | None = None) -> str:
    """Return a length (µs) exactly: `37 h 30 min`, from `days_from` on `2 d 3 h`. A negative one has its sign."""
    words, rest = WORDS[lang], abs(length)
    units = [("unit_h", HOUR), ("unit_min", MINUTE)]
    if days_from is not None and rest >= days_from:
        units.insert(0, ("unit_d", DAY))
    parts = []
    for unit, size in units:
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number:,}{words[unit]}")
    if rest or not parts:
        seconds, micros = divmod(rest, SECOND)
        fraction = f".{micros:06}".rstrip("0") if micros else ""
        parts.append(f"{seconds}{fraction}{words['unit_s']}")
    return ("-" if length < 0 else "") + " ".join(parts)


class Stamps:
    """Writes instants as a zone's wall clock shows them, all as finely as the finest needs, with offsets where they change."""

    def __init__(self, zone: ZoneInfo, instants: Iterable[datetime], lang: Lang) -> None:
        """Look at all `instants` that will be written."""
        self.zone = zone
        self.lang = lang
        local = [instant.astimezone(zone) for instant in instants]
        self._offset = len({instant.utcoffset() for instant in local}) > 1
        self._precision = "minutes"
        if any(instant.second for instant in local):
            self._precision = "seconds"
        if any(instant.microsecond for instant in local):
            self._precision = "microseconds"

    def at(self, instant: datetime) -> str:
        """Return date and time with the weekday."""
        local = instant.astimezone(self.zone)
        return f"{self.day(local.date())} {self.time(instant)}"

    def time(self, instant: datetime) -> str:
        """Return the time of day."""
        local = instant.astimezone(self.zone)
        if self._offset:
            return local.isoformat(timespec=self._precision).partition("T")[2]
        return local.time().isoformat(self._precision)

    def day(self, day: date) -> str:
        """Return a date with its weekday."""
        name = WEEKDAYS[self.lang].split()[day.weekday()]
        return f"{name} {day.isoformat()}" if self.lang == "en" else f"{day.isoformat()} {name}"
