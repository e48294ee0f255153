# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is assessment-results.json in the folder named on the command line OSCAL, and are the scans that it names there?"""

from __future__ import annotations

import hashlib
import json
import sys
from argparse import Namespace
from pathlib import Path

from trestle.common import const
from trestle.core.validator_factory import validator_factory
from trestle.oscal.assessment_results import Model

folder = Path(sys.argv[1])
document = folder / "assessment-results.json"
text = document.read_text(encoding="utf-8")
model = Model.model_validate(json.loads(text)).assessment_results
for mode in (const.VAL_MODE_DUPLICATES, const.VAL_MODE_REFS):
    if not validator_factory.get(Namespace(mode=mode)).model_is_valid(model, True):
        sys.exit(f"{document}: {mode}")
scans = sorted(folder.glob("*/arf-*.xml.gz"))
unnamed = [str(scan) for scan in scans if hashlib.sha256(scan.read_bytes()).hexdigest() not in text]
newest = len(list(folder.glob("*/evidence.json")))
if not scans or len(scans) - len(unnamed) < newest:
    sys.exit(f"{len(scans)} scans, of which the document does not name the hashes of {unnamed}")
print(f"{document}: {len(model.results[0].findings)} findings, {len(scans)} scans")
