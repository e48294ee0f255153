# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an action plugin of this collection as a task would."""

from __future__ import annotations

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import action_loader, connection_loader
from ansible.template import Templar


@pytest.fixture
def run_action():
    """A function (action name, arguments, variables, check=False) -> the result (dict) of the action."""

    def run(name, arguments, variables, check=False):
        loader = DataLoader()
        connection = connection_loader.get("ansible.builtin.local", PlayContext())
        task = Task.load({f"infn.datacloud.{name}": arguments})
        task.check_mode = check
        action = action_loader.get(
            f"infn.datacloud.{name}", task=task, connection=connection, play_context=None, loader=loader,
            templar=Templar(loader=loader, variables=variables), shared_loader_obj=None,
        )  # fmt: skip
        return action.run(task_vars=variables)

    return run
