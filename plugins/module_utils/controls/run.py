# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module: controls on this host."""

from __future__ import annotations

import json
import time

from ansible_collections.infn.datacloud.plugins.module_utils.controls import engine
from ansible_collections.infn.datacloud.plugins.module_utils.controls.host import Host
from ansible_collections.infn.datacloud.plugins.module_utils.controls.record import write_private
from ansible_collections.infn.datacloud.plugins.module_utils.quiet import QuietModule

ARGUMENTS = {
    "controls": {"type": "list", "elements": "dict", "default": []},
    "mode": {"type": "str", "choices": ["audit", "enforce", "restore"], "default": "enforce"},
    "restore": {"type": "str", "choices": ["all", "last"], "default": "all"},
    "results_file": {"type": "path"},
    "strict": {"type": "bool", "default": True},
}


def run_module():
    """Read the arguments, work, and end the module."""
    # Hundreds of controls are no line for the host's log.
    module = QuietModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    # Without this Ansible sends all controls back as they came.
    told = {"module_args": {name: value for name, value in module.params.items() if name != "controls"}}
    if module.params["mode"] == "restore":
        _restore(module, told)
    wrong = malformed(module.params["controls"])
    if wrong:
        module.fail_json(msg=f"nothing was changed: {'; '.join(wrong)}", invocation=told)
    try:
        if module.params["mode"] == "audit":
            cases, steps = engine.audit(Host, module.params["controls"]), []
        else:
            cases, steps = engine.enforce(Host, module.params["controls"], module.check_mode)
    except engine.Refused as error:
        module.fail_json(msg=f"nothing was changed: {'; '.join(error.args[0])}", invocation=told)
    results = [case.result() for case in cases]
    report = {
        "changed": bool(steps),
        "results": results,
        "summary": {status: sum(entry["status"] == status for entry in results) for status in engine.STATUSES},
        "diff": diff(steps),
        "invocation": told,
    }
    if module.params["results_file"] and not module.check_mode:
        _write_results(module, report)
    failed = [f"{entry['id']}: {entry['reason']}" for entry in results if entry["status"] == engine.FAILED]
    if failed and module.params["strict"]:
        # Ansible prints all of a failure: thousands of lines about what is in order would hide it.
        report["results"] = [entry for entry in results if entry["status"] == engine.FAILED]
        module.fail_json(msg="\n".join([f"{len(failed)} controls are failed:", *failed]), **report)
    module.exit_json(**report)


def malformed(controls):
    """Sentences on controls that lack what the engine needs of each; the lookup has checked everything else."""
    wrong = []
    for number, control in enumerate(controls, 1):
        wrong += [f"control {number} has no {key}" for key in ("id", "type", "data") if key not in control]
    names = [control["id"] for control in controls if "id" in control]
    return wrong + [f"there are two controls {name}" for name in sorted({n for n in names if names.count(n) > 1})]


def diff(steps):
    """Before and after: files one by one, everything else as a list of lines."""
    shown, before, after = [], [], []
    for step in steps:
        if step.kind == "touched":
            continue
        if step.kind == "file":
            entry = {"before": _text(step.before), "after": _text(step.after)}
            shown.append({"before_header": step.target, "after_header": step.target, **entry})
        lines = [(state, _line(step, state)) for state in (step.before, step.after)]
        if step.kind != "file" or lines[0][1] != lines[1][1]:
            before.append(lines[0][1])
            after.append(lines[1][1])
    if before:
        shown.append({"before": "\n".join([*before, ""]), "after": "\n".join([*after, ""])})
    return shown


def _text(state):
    """The text of a file, except of one that only its owner may read."""
    if state is None:
        return ""
    if state["mode"] & 0o077 == 0:
        return "(only its owner may read it)\n"
    return state["text"].encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _line(step, state):
    """One line that says the state of a step's target."""
    if isinstance(state, dict):
        parts = {what: value for what, value in state.items() if what != "text"}
        words = " ".join(
            f"{what}={value:04o}" if what == "mode" else f"{what}={value}" for what, value in parts.items()
        )
    elif isinstance(state, list):
        words = " ".join(state)
    else:
        words = {None: "absent", True: "yes", False: "no"}.get(state, state)
    return f"{step.kind} {step.target}: {words}"


def _restore(module, told):
    """mode restore."""
    steps, sentences = engine.restore(Host, module.params["restore"] == "last", module.check_mode)
    report = {
        "changed": bool(steps),
        "restored": [f"{step.kind} {step.target}" for step in steps if step.kind != "touched"],
        "diff": diff([engine.Step(step.kind, step.target, step.after, step.before) for step in steps]),
        "invocation": told,
    }
    if sentences:
        module.fail_json(msg="\n".join([f"{len(sentences)} things could not be taken back:", *sentences]), **report)
    module.exit_json(**report)


def _write_results(module, report):
    """Keep the results on the host, for evidence; only root reads them."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    kept = {"time": now, "mode": module.params["mode"], "summary": report["summary"], "results": report["results"]}
    path = Host().real(module.params["results_file"])
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(path, json.dumps(kept, indent=1))
