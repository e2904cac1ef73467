"""What the generator draws from: matters with their usual pace, communities, teams, channels, and how often things happen."""

from __future__ import annotations

from dataclasses import dataclass

from slaengine.domain.values import Kind


@dataclass(frozen=True, slots=True)
class Matter:
    """A kind of matter: how often it comes (`share`, relative), and the median hours from receipt to resolution."""

    kind: Kind
    type: str
    severity: str
    team: str
    share: float
    hours: float
    on_site: bool = True


MATTERS: tuple[Matter, ...] = (
    Matter("repair", "facility.plumbing.burst_pipe", "emergency", "engineering", 3, 2.5),
    Matter("repair", "facility.electricity.tripped_circuit", "emergency", "engineering", 4, 1.8),
    Matter("repair", "facility.plumbing.leak", "general", "engineering", 11, 16),
    Matter("repair", "facility.door.lock", "general", "engineering", 9, 12),
    Matter("repair", "facility.lighting.lamp", "general", "engineering", 14, 14),
    Matter("repair", "facility.lift.malfunction", "general", "engineering", 5, 9),
    Matter("repair", "facility.wall.seepage", "general", "engineering", 3, 60),
    Matter("complaint", "facility.lift.entrapment", "urgent", "engineering", 1, 0.8),
    Matter("complaint", "facility.outage.water", "urgent", "engineering", 2, 5),
    Matter("complaint", "facility.lift.repeated_failure", "important", "engineering", 2, 60),
    Matter("complaint", "service.neighbour.noise", "important", "customer_service", 3, 70),
    Matter("complaint", "service.hygiene.rubbish", "general", "cleaning", 8, 12, on_site=False),
    Matter("complaint", "service.attitude", "general", "customer_service", 4, 30, on_site=False),
    Matter("complaint", "service.repair.dispute", "complex", "customer_service", 3, 90, on_site=False),
    Matter("complaint", "other.safety.accident", "major", "security", 1, 160),
    Matter("enquiry", "fee.bill", "general", "finance", 12, 0.6, on_site=False),
    Matter("enquiry", "other.parking", "general", "security", 8, 0.5, on_site=False),
    Matter("service", "service.cleaning.home", "general", "cleaning", 7, 40),
)

COMMUNITIES = ("Lakeside", "Maple Court", "North Gate", "Riverbank", "Sunrise Garden", "West Hill")
PLANS = {"general": ("measures",), "important": ("first", "rectification")}
"""Severity of a complaint → the plans put to the owner, in turn; the other severities have a first one only."""

CHANNELS = ("app", "app", "app", "telephone", "telephone", "wechat", "front_desk")
PAUSE_REASONS = ("parts", "no_access", "weather", "third_party", "owner_asked")
ANSWERS = ("very_satisfied", "very_satisfied", "satisfied", "satisfied", "satisfied", "dissatisfied")
CLERKS = tuple(f"clerk-{n:02}" for n in range(1, 13))
MANAGERS = ("manager-01", "manager-02", "manager-03")


@dataclass(frozen=True, slots=True)
class Mix:
    """The share of orders (of facts, where it says so) to which each thing happens, from 0 to 1."""

    cancelled: float = 0.03
    merged: float = 0.03
    never_resolved: float = 0.02
    reclassified: float = 0.07
    contractor: float = 0.10
    declined: float = 0.20
    """Of the orders sent to a contractor or builder."""
    planned: float = 0.70
    """Of the repairs and complaints: a plan was put to the owner."""
    paused: float = 0.20
    second_pause: float = 0.30
    """Of the paused orders; half of these pauses overlap the first."""
    left_paused: float = 0.15
    """Of all pauses: nobody says that the wait is over, the resolution ends it."""
    escalated: float = 0.05
    revisited: float = 0.75
    revisited_on_site: float = 0.15
    """Of the revisited orders, a second time."""
    reopened: float = 0.06
    closed: float = 0.92
    waiver: float = 0.02
    corrected: float = 0.015
    evidence: float = 0.10
    cost: float = 0.08
    late: float = 0.04
    """Of all facts: recorded hours or days after they occurred."""
