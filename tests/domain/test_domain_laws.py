"""Laws over random histories: repetition, arrival order, late questions, coding."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from slaengine.domain import commands as c
from slaengine.domain.codec import decode, encode
from slaengine.domain.decide import decide
from slaengine.domain.events import Corrected, Received
from slaengine.domain.work_order import INITIAL, evolve, fold, in_order_of_occurrence
from slaengine.errors import WorkOrderError
from slaengine.testing.strategies import LIFE, commands, facts, histories

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
law = settings(max_examples=60, deadline=None, suppress_health_check=SLOW)


@law
@given(histories())
def test_no_command_of_a_history_records_anything_the_second_time(history):
    order = fold(command.fact() for command in history)
    assert [decide(command, order) for command in history] == [[]] * len(history)


@law
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_how_the_order_stands(history, random):
    at_its_own = {command.occurred_at: command.fact() for command in history[1:] if not isinstance(command, c.Correct)}
    first, others = history[0].fact(), list(at_its_own.values())
    shuffled = random.sample(others, len(others))
    assert fold([first, *shuffled]).standing == fold([first, *others]).standing


@law
@given(histories())
def test_the_standing_is_that_of_the_facts_in_order_of_occurrence(history):
    order = fold(command.fact() for command in history)
    told_in_order = fold(in_order_of_occurrence([fact for fact in order.known if not isinstance(fact, Corrected)]))
    assert order.standing == told_in_order.standing


@law
@given(histories(), st.integers(0, 600))
def test_asking_how_an_order_stood_forgets_what_occurred_later(history, minute):
    order = fold(command.fact() for command in history)
    instant = order.received.occurred_at.replace(hour=1, minute=0) if minute == 0 else history[minute % len(history)].occurred_at
    until_then = [fact for i, fact in enumerate(order.known) if i == 0 or fact.occurred_at <= instant]
    assert order.standing_at(instant) == fold(fact for fact in until_then if not isinstance(fact, Corrected)).standing


@law
@given(histories())
def test_a_history_read_back_from_its_codes_is_the_same_order(history):
    order = fold(command.fact() for command in history)
    assert fold(decode(fact.TOPIC, encode(fact)) for fact in order.facts) == order


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(facts())
def test_a_fact_read_back_from_its_code_is_the_same_fact(fact):
    assert decode(fact.TOPIC, encode(fact)) == fact
    assert encode(decode(fact.TOPIC, encode(fact))) == encode(fact)


class OneOrder(RuleBasedStateMachine):
    """Random commands to one order; a plain list of accepted facts stands beside it."""

    def __init__(self):
        super().__init__()
        self.order = INITIAL

    @rule(command=commands(*LIFE, c.Receive, c.RequestWaiver, c.ChargeCost))
    def send(self, command):
        before = self.order
        try:
            led_to = decide(command, before)
        except WorkOrderError:
            return
        assert led_to in ([], [command.fact()])
        for fact in led_to:
            self.order = evolve(self.order, fact)
        assert decide(command, self.order) == []

    @precondition(lambda self: self.order.version)
    @invariant()
    def it_begins_with_its_receipt_and_counts_its_facts(self):
        assert isinstance(self.order.facts[0], Received)
        assert len(self.order.known) == self.order.version
        assert self.order.latest == max(fact.occurred_at for fact in self.order.known)
        assert (self.order.status == "paused") == bool(self.order.standing.waits)


TestOneOrder = OneOrder.TestCase
TestOneOrder.settings = settings(max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=SLOW)
