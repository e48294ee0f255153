# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For modules whose arguments hold keys of several lines inside lists or dictionaries."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule


class QuietModule(AnsibleModule):
    """An AnsibleModule that does not write its arguments to the host's log.

    Ansible masks secrets in that line by their text. Inside a list or a dictionary a text of several lines is written
    with its line ends escaped, so that a private key in PEM is not found and stands in the journal (ansible-core 2.21,
    AnsibleModule._log_invocation). Results are masked value by value and need nothing more.
    """

    def _log_invocation(self):
        """Write nothing."""
