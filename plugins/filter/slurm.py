# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter plugins of role slurm: what a cluster's configuration says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.infn.datacloud.plugins.plugin_utils import slurm


class FilterModule:
    """The filters, each with its documentation in a file of its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this plugin by name."""
        return {
            "slurm_nodes": slurm.nodes,
            "slurm_partitions": slurm.partitions,
            "slurm_accounting": slurm.accounting,
            "slurm_problems": slurm.problems,
            "slurm_changed_nodes": slurm.changed_nodes,
            "slurm_hostlist": slurm.hostlist,
            "slurm_node_line": slurm.node_line,
            "slurm_gres_lines": slurm.gres_lines,
        }
