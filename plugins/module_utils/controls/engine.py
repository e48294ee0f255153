# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controls of one host: judge them all, plan, do, and judge again what was changed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ansible_collections.infn.datacloud.plugins.module_utils.controls import apply
from ansible_collections.infn.datacloud.plugins.module_utils.controls.applies import comes_with, why_not
from ansible_collections.infn.datacloud.plugins.module_utils.controls.changes import Package, contradictions
from ansible_collections.infn.datacloud.plugins.module_utils.controls.evaluation import (
    COMPLIANT,
    DIFFERENT,
    NOT_APPLICABLE,
    Evaluation,
    not_applicable,
)
from ansible_collections.infn.datacloud.plugins.module_utils.controls.record import Record, put_away, recorded
from ansible_collections.infn.datacloud.plugins.module_utils.controls.steps import Step, plan
from ansible_collections.infn.datacloud.plugins.module_utils.controls.types import TYPES

REMEDIATED, WAIVED, FAILED = "remediated", "waived", "failed"
STATUSES = (COMPLIANT, REMEDIATED, NOT_APPLICABLE, WAIVED, FAILED)


class Refused(Exception):
    """Nothing was done; the argument is a list of sentences."""


@dataclass
class Case:
    """A control and what became of it."""

    control: dict
    evaluation: Evaluation
    status: str = ""
    reason: str = ""
    # Packages of this run that it needs: it can be judged only when they are there, and is then brought in order.
    after: list = field(default_factory=list)

    @property
    def name(self):
        return self.control["id"]

    @property
    def open(self):
        """Whether it is to be changed: nothing else is settled about it."""
        return self.status == REMEDIATED

    @property
    def settled_fine(self):
        """Whether there was nothing to change; other changes of the run may still alter that."""
        return self.status in (COMPLIANT, NOT_APPLICABLE)

    def take(self, newer):
        """Go on with what a later evaluation says is to be done; what was observed first is what is told."""
        first = self.evaluation
        self.evaluation = Evaluation(
            newer.state, first.observed, first.wanted, first.reason, newer.changes, newer.remains or first.remains
        )

    def fail(self, reason):
        """Settle it as failed; the first reason stays."""
        if self.status != FAILED:
            self.status, self.reason = FAILED, reason

    def result(self):
        """What the module returns of it."""
        found = {
            "id": self.name,
            "title": self.control.get("title", ""),
            "status": self.status,
            "observed": self.evaluation.observed,
            "wanted": self.evaluation.wanted,
            "reason": self.reason or self.evaluation.reason,
            "references": self.control.get("references", {}),
        }
        if self.control.get("waiver"):
            found["waiver"] = self.control["waiver"]
        return found


def audit(make_host, controls):
    """Judge only; returns the cases. What differs is failed."""
    cases = _judged(make_host(), controls)
    for case in cases:
        if case.open:
            case.fail(case.evaluation.reason or "it differs, and an audit changes nothing")
    return cases


def enforce(make_host, controls, check=False):
    """Bring the host to what the controls want; returns (cases, steps).

    make_host: returns a Host that has read nothing yet. check: stop after the plan.
    Raises Refused where controls contradict each other.
    """
    host = make_host()
    cases = _judged(host, controls)
    settled = [case for case in cases if case.status in (COMPLIANT, REMEDIATED)]
    sentences = contradictions([(case.name, change) for case in settled for change in case.evaluation.changes])
    if sentences:
        raise Refused(sentences)
    steps = _planned(host, cases)
    if check:
        steps = _validated(host, cases, steps, check)
        _settle(cases)
        return cases, steps
    record = Record(host)
    first = [step for step in steps if step.kind == "package"]
    if first:
        host = _install(make_host, host, record, cases, first)
        steps = _planned(host, cases)
    done = first + _do(host, record, cases, [step for step in steps if step.kind != "package"])
    if done:
        # What one control sets may set another's anew (forwarding resets other parameters, a package brings files).
        host = make_host()
        _judge_again(host, cases)
        done += _do(host, record, cases, _planned(host, cases, again=True))
        _judge_again(make_host(), cases, last=True)
    _settle(cases)
    return cases, done


def restore(make_host, last=False, check=False):
    """Take recorded runs back, newest first; returns (steps that were taken back, sentences of what failed)."""
    taken, sentences = [], []
    for path, steps in recorded(make_host())[: 1 if last else None]:
        taken += steps
        if check:
            continue
        failed = apply.undo(make_host(), steps)
        sentences += failed.values()
        if failed:
            # The older ones lie below this one.
            break
        put_away(path)
    return taken, sentences


def _judged(host, controls):
    """The cases of all controls. Those that need no package come first: they tell which ones are coming."""
    _expect_units(host, controls)
    cases = {}
    coming, going = set(), set()
    for later in (False, True):
        for number, control in enumerate(controls):
            if bool(control.get("applies", {}).get("packages")) is later:
                cases[number] = _judge(host, control, coming, going)
        for case in cases.values():
            for change in case.evaluation.changes if case.open else ():
                if isinstance(change, Package) and (change.name in host.packages()) is not change.present:
                    (coming if change.present else going).add(change.name)
    return [cases[number] for number in sorted(cases)]


def _expect_units(host, controls):
    """Tell the host which units the controls will ask for."""
    for control in controls:
        ask = getattr(TYPES.get(control["type"]), "units", None)
        host.expect_units(ask(control["data"]) if ask else ())


def _judge(host, control, coming, going):
    """The case of one control; a type that cannot read what it needs fails this control and no other."""
    waiver = control.get("waiver")
    try:
        case = Case(control, _evaluated(host, control, coming, going))
    except Exception as error:
        case = Case(control, Evaluation(DIFFERENT))
        case.fail(f"it cannot be judged: {type(error).__name__}: {error}")
        return case
    state = case.evaluation.state
    if not waiver and not _left_out(host, control, coming, going):
        case.after = comes_with(control.get("applies", {}), host, coming)
    if waiver and str(waiver["expires"]) < time.strftime("%Y-%m-%d", time.gmtime()):
        case.fail(f"its waiver, accepted by {waiver['owner']}, has expired on {waiver['expires']}")
    elif waiver:
        case.status = WAIVED
    elif case.after:
        case.status, case.reason = REMEDIATED, f"set with {', '.join(case.after)}, which is installed by this run"
    elif state == DIFFERENT and not case.evaluation.changes:
        case.fail(case.evaluation.reason or "it differs, and only people can change it")
    else:
        case.status = REMEDIATED if state == DIFFERENT else state
    return case


def _left_out(host, control, coming, going):
    """Why the control does not hold here, "" where it does."""
    return control.get("exception") or why_not(control.get("applies", {}), host, coming, going)


def _evaluated(host, control, coming, going):
    """The evaluation, without asking the type where the control does not hold."""
    reason = _left_out(host, control, coming, going)
    return not_applicable(reason) if reason else TYPES[control["type"]].evaluate(control, host)


def _planned(host, cases, again=False):
    """The steps of all cases that are to be changed. A case that no step changes is failed: nobody would change it.

    again: also of those that were compliant, and are not any more.
    """
    differing = [
        case for case in cases if (case.open or (again and case.settled_fine)) and case.evaluation.state == DIFFERENT
    ]
    claims = [(case.name, change) for case in differing for change in case.evaluation.changes]
    steps, failed = plan(host, claims)
    planned = {name for step in steps for name in step.names}
    for case in differing:
        if case.after:
            continue
        if case.name in failed:
            case.fail(failed[case.name])
        elif case.name not in planned:
            case.fail(case.evaluation.remains or case.evaluation.reason or "it differs in what this cannot change")
    return steps


def _do(host, record, cases, steps):
    """Do steps other than of packages; returns those that their validators let pass."""
    steps = _validated(host, cases, steps)
    record.add(steps)
    _blame(cases, steps, apply.do(host, steps))
    return steps


def _install(make_host, host, record, cases, steps):
    """Do the package steps and judge the rest on what the packages brought; returns the new host."""
    record.add(steps)
    before = set(host.packages())
    _blame(cases, steps, apply.do(host, steps))
    host = make_host()
    named = {step.target for step in steps}
    brought = sorted(set(host.packages()) - before - named)
    record.add([Step("package", name, False, True) for name in brought])
    _expect_units(host, [case.control for case in cases if case.open])
    for case in cases:
        if case.open:
            again = _judge(host, case.control, (), ())
            case.take(again.evaluation)
            if again.status == FAILED:
                case.fail(again.reason)
            elif case.after and not set(case.after) & set(host.packages()):
                case.fail(f"not installed: {', '.join(case.after)}")
            case.after = []
    return host


def _validated(host, cases, steps, check=False):
    """The steps without the files that their validators refuse; the cases behind those are failed."""
    failed = {("file", step.target): apply.invalid(host, step, check) for step in steps if step.kind == "file"}
    failed = {target: words for target, words in failed.items() if words}
    _blame(cases, steps, failed)
    return [step for step in steps if (step.kind, step.target) not in failed]


def _blame(cases, steps, failed):
    """Fail the cases behind the steps that did not work."""
    by_name = {case.name: case for case in cases}
    for step in steps:
        words = failed.get((step.kind, step.target))
        for name in step.names if words else ():
            by_name[name].fail(words)


def _judge_again(host, cases, last=False):
    """Judge what was changed, and what was compliant, on what the host is now; last: what still differs is failed."""
    judged = [case for case in cases if case.open or case.settled_fine]
    _expect_units(host, [case.control for case in judged])
    for case in judged:
        again = _judge(host, case.control, (), ())
        if again.status == FAILED:
            case.fail(again.reason)
        elif again.evaluation.state == DIFFERENT and last:
            seen = again.evaluation
            case.fail(case.evaluation.remains or seen.remains or f"it is still different: {seen.observed}")
        elif again.evaluation.state == DIFFERENT and case.status == NOT_APPLICABLE:
            case.status, case.reason = REMEDIATED, "it has come to apply through other changes of this run"
            case.evaluation = again.evaluation
        elif case.status != NOT_APPLICABLE:
            case.take(again.evaluation)


def _settle(cases):
    """What is known beforehand to remain is failed, in check mode too."""
    for case in cases:
        if case.open and case.evaluation.remains:
            case.fail(case.evaluation.remains)
