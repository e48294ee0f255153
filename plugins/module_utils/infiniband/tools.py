# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that runs the tools of infiniband-diags."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.module_utils.core import ApiError
from ansible_collections.infn.datacloud.plugins.module_utils.infiniband import fabric


class Tools:
    """The fabric as this host sees it."""

    def __init__(self, module):
        """module: AnsibleModule."""
        self.module = module
        module.run_command_environ_update = {"LC_ALL": "C"}

    def present(self):
        """Whether the tools are installed (bool)."""
        return bool(self.module.get_bin_path("ibstat"))

    def run(self, program, *arguments, accept=(0,)):
        """The output of a tool (str). accept: exit statuses; None for all. Raises ApiError."""
        path = self.module.get_bin_path(program)
        if not path:
            raise ApiError(f"{program} is not installed; install the package infiniband-diags")
        status, output, error = self.module.run_command([path, *arguments])
        if accept is not None and status not in accept:
            said = (error.strip() or output.strip()).splitlines()
            command = " ".join((program, *arguments))
            raise ApiError(f"{command} ended with {status}: {said[-1] if said else 'it said nothing'}")
        return output

    def local_ports(self):
        """The ports of this host (see fabric.local_ports); ibstat fails where there is none."""
        return fabric.local_ports(self.run("ibstat", accept=None))

    def manager(self):
        """The master subnet manager (see fabric.manager); sminfo fails where there is none."""
        return fabric.manager(self.run("sminfo", accept=None))

    def ports(self):
        """The connected ports of the fabric, {guid: {kind, lid}}."""
        return fabric.ports(self.run("ibnetdiscover", "--ports"))

    def links(self, ports):
        """(nodes, links), as fabric.links returns them; ports: those of the fabric."""
        return fabric.links(self.run("iblinkinfo", "--line"), ports)

    def counters(self):
        """The counters that are not 0, {(guid, port): {counter: value}}; the site's own thresholds hide none."""
        # The status is 1 where something was counted.
        return fabric.counters(self.run("ibqueryerrors", "--threshold-file", "/dev/null", accept=(0, 1)))

    def partition_keys(self, ports):
        """The P_Keys of the channel adapters' ports, {guid: {int}}, asked of each port itself; ports: all ports."""
        return {
            guid: fabric.partition_keys(self.run("smpquery", "-L", "PKeyTable", str(port["lid"])))
            for guid, port in ports.items()
            if port["kind"] == "ca" and port["lid"]
        }
