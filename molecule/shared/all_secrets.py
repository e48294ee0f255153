# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print every secret of an embedded store as JSON, {name: text}: all_secrets.py FOLDER. For a pipe, never for a log.

Names that end in access_key or role_id are left out: they say who asks, as a user's name does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

NO_SECRETS = ("access_key", "role_id")


def main(folder: Path) -> None:
    """Decrypt all files of the folder."""
    vault = VaultLib([("default", VaultSecret((folder.parent / ".secrets.key").read_bytes().strip()))])
    found = {}
    for path in sorted(folder.rglob("*.yml")):
        name = str(path.relative_to(folder).with_suffix(""))
        if not name.endswith(NO_SECRETS):
            record = yaml.safe_load(vault.decrypt(path.read_bytes()))
            found[name] = "\n".join(record[part] for part in ("value", "private") if part in record)
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
