# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a cluster before its first OSD: what state it is in and how cephadm bootstraps it.

Pure functions. Source: cephadm(8) of Ceph 18, section "bootstrap"; `cephadm ls`.
"""

from __future__ import annotations

ABSENT, PARTIAL, COMPLETE, DOWN = "absent", "partial", "complete", "down"


def state(daemons, fsid, unfinished, orchestrated):
    """Which state the cluster is in on this host.

    daemons: the list of `cephadm ls --no-detail` (dicts with fsid and name), fsid: ours (str),
    unfinished: whether the mark of a bootstrap that never ended is there (bool), orchestrated: whether the
    orchestrator lists this host (bool).
    absent: nothing of it is here. partial: a bootstrap was cut off, so no data can have been stored and it can start
    over. complete: bootstrapped. down: it was bootstrapped but does not answer: never to be started over.
    """
    if unfinished:
        return PARTIAL
    if orchestrated:
        return COMPLETE
    return DOWN if any(daemon.get("fsid") == fsid for daemon in daemons) else ABSENT


def bootstrap_command(cephadm, params, files):
    """The argument list of `cephadm bootstrap`.

    params: the module's options (dict); files: paths of the files that hold what must not be seen in a process
    list: ssh_private_key, ssh_public_key and, with a registry login, registry (dict of str).
    """
    command = [cephadm, *params["cephadm_options"], "--image", params["image"], "bootstrap"]
    command += ["--fsid", params["fsid"], "--mon-ip", params["mon_address"]]
    command += ["--ssh-user", params["ssh_user"]]
    command += ["--ssh-private-key", files["ssh_private_key"], "--ssh-public-key", files["ssh_public_key"]]
    # Specs decide where daemons run, and other layers bring the dashboard's and the monitoring stack's work.
    command += ["--orphan-initial-daemons", "--skip-monitoring-stack", "--skip-dashboard", "--skip-firewalld"]
    command += ["--allow-fqdn-hostname"]
    if params["single_host"]:
        command += ["--single-host-defaults"]
    if not params["pull"]:
        command += ["--skip-pull"]
    if params["cluster_network"]:
        command += ["--cluster-network", params["cluster_network"]]
    if files.get("registry"):
        command += ["--registry-json", files["registry"]]
    return command + params["bootstrap_options"]
