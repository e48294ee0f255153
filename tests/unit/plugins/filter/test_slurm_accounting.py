# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The federation's accounts in Slurm's words."""

from __future__ import annotations

from ansible_collections.infn.datacloud.plugins.plugin_utils.slurm import accounting


def test_the_description_in_the_words_of_sacctmgr():
    hpc = {
        "qos": {
            "normal": {},
            "online": {
                "priority": 100,
                "max_wall": "01:00:00",
                "max_jobs_per_user": 4,
                "max_tres_per_user": {"gres/gpu": 4, "cpu": 64},
            },
        },
        "accounts": {
            "virgo": {"group": "/virgo", "title": "Virgo", "fairshare": 3, "qos": ["normal", "online"]},
            "virgo-online": {"group": "/virgo/online", "parent": "virgo", "max_tres": {"gres/gpu": 1}},
        },
    }
    assert accounting(hpc) == {
        "qos": [
            {"name": "normal"},
            {
                "name": "online",
                "priority": "100",
                "max_wall_per_job": "01:00:00",
                "max_jobs_per_user": "4",
                "max_tres_per_user": "cpu=64,gres/gpu=4",
            },
        ],
        "accounts": [
            {
                "name": "virgo",
                "description": "Virgo",
                "fairshare": "3",
                "qos": ["normal", "online"],
                "default_qos": "normal",
            },
            {"name": "virgo-online", "parent": "virgo", "description": "/virgo/online", "grp_tres": "gres/gpu=1"},
        ],
    }
