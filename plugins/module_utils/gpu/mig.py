# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MIG mode and instances of GPUs as desired state.

Source: NVIDIA Multi-Instance GPU User Guide and nvidia-smi(1), "mig".
"""

from __future__ import annotations

import time

from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError, Backend, Field, Spec, SpecError
from ansible_collections.infn.datacloud.plugins.module_utils.gpu import layout, smi
from ansible_collections.infn.datacloud.plugins.module_utils.gpu.api import NoDriver

ALL = "all"


def _sorted(names):
    return sorted(names)


GPU = Spec(
    kind="GPU",
    plural="gpus",
    removable=False,
    fields=(
        Field("gpu", required=True, identity=True),
        Field("mode", choices=("enabled", "disabled")),
        Field("instances", type="list", elements="str", normalize=_sorted),
    ),
)


def expand(wanted, gpus):
    """The wanted objects with "all" and every way to name a GPU replaced by its index (str). Raises SpecError.

    gpus: as smi.query lists them.
    """
    names = {}
    for gpu in gpus:
        names.update(dict.fromkeys((str(gpu["index"]), gpu["uuid"], gpu["address"]), str(gpu["index"])))
    result, errors = [], []
    for item in wanted:
        if item.get("instances") and item.get("mode") == "disabled":
            errors.append(f"GPU {item['gpu']}: instances need mode enabled; leave them out or enable it")
        if item["gpu"] == ALL:
            result += [{**item, "gpu": str(gpu["index"])} for gpu in gpus]
        elif item["gpu"] in names:
            result.append({**item, "gpu": names[item["gpu"]]})
        else:
            known = ", ".join(f"{gpu['index']} ({gpu['address']})" for gpu in gpus) or "none"
            errors.append(f"GPU {item['gpu']} is not in this host; there are: {known}")
    # Without MIG mode there is nothing to divide, and turned off it has no instances.
    for item in result:
        if item.get("mode") == "disabled":
            item["instances"] = []
        elif item.get("instances") and not item.get("mode"):
            item["mode"] = "enabled"
    if errors:
        raise SpecError("; ".join(errors))
    return result


class MigBackend(Backend):
    """Reads with three commands whatever the number of GPUs; removes and makes only the instances that differ."""

    reread = True

    def __init__(self, commands, params, module):
        self.commands = commands
        self.params = params
        self.module = module
        # By index (str): the GPUs, their instances, what becomes of those that differ, what waits for a reset.
        self.gpus, self.instances, self.arranged, self.reasons = {}, {}, {}, {}
        self.drained = False

    def prepare(self, desired):
        """The wanted objects by index; in check mode on a host that gets its driver in the real run, as they are."""
        try:
            self._query()
        except NoDriver as error:
            if not self.module.check_mode:
                raise
            self.module.warn(f"planned as if no GPU were divided: {error}")
            return desired
        return expand(desired, list(self.gpus.values()))

    def read(self, desired):
        """Of all GPUs, {index (str): object}."""
        if not self.gpus:
            return {}
        self._query()
        wanted = {item["gpu"]: item for item in desired}
        self.instances = self._instances() if any(gpu["mig"] == "enabled" for gpu in self.gpus.values()) else {}
        self.arranged, self.reasons = {}, {}
        return {index: self._read(index, gpu, wanted.get(index, {})) for index, gpu in self.gpus.items()}

    def _read(self, index, gpu, asked):
        present = self.instances.get(index, [])
        names = [
            item["profile"] if item["whole"] else f"{item['profile']} without compute instance" for item in present
        ]
        current = {"gpu": index, "mode": gpu["mig_pending"], "instances": sorted(names)}
        if asked.get("mode") and not gpu["mig"]:
            raise ApiError(f"GPU {index} ({gpu['name']}) knows no MIG; leave it out of gpus")
        if asked and gpu["mig"] != gpu["mig_pending"]:
            self.reasons[index] = f"GPU {index}: MIG mode {gpu['mig_pending']} waits for a reset"
            if asked.get("mode") == gpu["mig_pending"] and asked.get("instances") is not None:
                # What cannot be made before the reset is no difference of this run.
                current["instances"] = asked["instances"]
        elif gpu["mig"] == "enabled" and asked.get("instances") and sorted(asked["instances"]) != current["instances"]:
            # Refused here, before anything is written, and in check mode as well.
            self.arranged[index] = self._arrange(index, present, asked["instances"])
        return current

    def apply(self, operation):
        """Bring one GPU to what is wanted, once nothing runs on what has to go."""
        index, after = operation.key, operation.after
        present = self.instances.get(index, [])
        if "mode" in operation.changes:
            self._wait(index, None)
            self._remove(index, present)
            if not self._set_mode(index, after["mode"]) or not after["instances"]:
                return
            places = self._arrange(index, [], after["instances"])[1]
        else:
            surplus, places = self.arranged.get(index, (present, []))
            if surplus:
                self._wait(index, {item["id"] for item in surplus})
            self._remove(index, surplus)
        if places:
            tuples = ",".join(f"{number}:{start}" for number, start in places)
            self.commands.text("mig", "-i", index, "-cgi", tuples, "-C")

    def finish(self, operations):
        """Let jobs in again, and say what waits for a reset."""
        if self.drained:
            self._command("resume_command")
        return self.outcome()

    def outcome(self):
        """What the module returns besides the operations."""
        return {"reboot_needed": bool(self.reasons), "reboot_reasons": sorted(self.reasons.values())}

    def _query(self):
        self.gpus = {str(gpu["index"]): gpu for gpu in self.commands.query()["gpus"]}

    def _instances(self):
        """{index (str): instances}, each with whole: it has one compute instance, that spans it."""
        compute = smi.compute_instances(self.commands.text("mig", "-lci", empty=(smi.NOT_FOUND,)))
        found = {}
        for item in smi.instances(self.commands.text("mig", "-lgi", empty=(smi.NOT_FOUND,))):
            inside = [one for one in compute if (one["gpu"], one["instance"]) == (item["gpu"], item["id"])]
            item["compute"] = [one["id"] for one in inside]
            # A compute instance that does not span its GPU instance is called 1c.3g.40gb.
            item["whole"] = len(inside) == 1 and "c." not in inside[0]["profile"]
            found.setdefault(str(item["gpu"]), []).append(item)
        return found

    def _arrange(self, index, present, wanted):
        """(instances that go, places of the new ones).

        All go where the new ones do not fit beside those that could stay. Raises ApiError where the GPU cannot hold
        what is wanted.
        """
        profiles = smi.profiles(self.commands.text("mig", "-i", index, "-lgip")).get(int(index), {})
        placements = smi.placements(self.commands.text("mig", "-i", index, "-lgipp")).get(int(index), {})
        known = ", ".join(f"{name} (up to {item['total']})" for name, item in profiles.items())
        unknown = sorted(set(wanted) - set(profiles))
        if unknown:
            raise ApiError(f"GPU {index} has no profile {', '.join(unknown)}; it has {known}")
        kept, surplus, missing = layout.split(present, wanted)
        places = layout.arrange(missing, profiles, placements, kept)
        if places is None:
            surplus, places = present, layout.arrange(wanted, profiles, placements)
        if places is None:
            raise ApiError(f"GPU {index} has no room for {smi.multiset(wanted)} together; it has {known}")
        return surplus, places

    def _remove(self, index, instances):
        """Destroy instances with what is in them."""
        for item in instances:
            for compute in item["compute"]:
                self.commands.text("mig", "-i", index, "-dci", "-ci", str(compute), "-gi", str(item["id"]))
            self.commands.text("mig", "-i", index, "-dgi", "-gi", str(item["id"]))

    def _set_mode(self, index, mode):
        """Set the mode, with a reset where that is allowed, needed and harms nobody; whether it is in force."""
        self.commands.text("-i", index, "-mig", "1" if mode == "enabled" else "0")
        self._query()
        if self.gpus[index]["mig"] != mode and self.params["reset"]:
            processes = self.gpus[index]["processes"]
            if processes:
                raise ApiError(f"GPU {index} is not reset: {_running(processes)} began to use it")
            self.commands.text("-i", index, "--gpu-reset")
            self._query()
        return self.gpus[index]["mig"] == mode

    def _wait(self, index, instances):
        """Wait until no process is left on the GPU, or on these of its instances (set of int); None means all of it."""
        if not self.drained:
            self._command("drain_command")
            self.drained = True
        end = time.monotonic() + self.params["drain_timeout"]
        while True:
            busy = [
                process
                for process in self.gpus[index]["processes"]
                if instances is None or process["instance"] is None or process["instance"] in instances
            ]
            if not busy:
                return
            if time.monotonic() >= end:
                away = "; new jobs are still kept away" if self.params["drain_command"] else ""
                raise ApiError(
                    f"GPU {index} is in use after {self.params['drain_timeout']} s by {_running(busy)}; "
                    f"nothing was changed on it: let them end, or raise drain_timeout{away}"
                )
            time.sleep(min(5, max(0.1, end - time.monotonic())))
            self._query()

    def _command(self, option):
        """Run the command of an option (list of str), if there is one."""
        argv = self.params[option]
        if not argv:
            return
        if not self.module.get_bin_path(argv[0]):
            # Before there is a cluster, nobody has to be kept away.
            self.module.warn(f"{option}: there is no {argv[0]} here, so it was not run")
            return
        status, out, error = self.module.run_command(argv)
        if status:
            said = (error or out).strip().splitlines()
            raise ApiError(f"{option} {argv[0]} ended with {status}: {said[-1] if said else 'no word of why'}")


def _running(processes):
    return ", ".join(f"{process['pid']} ({process['name']})" for process in processes)
