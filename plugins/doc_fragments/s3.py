# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How the s3_* modules reach an endpoint (module_utils/s3/api.py)."""

    DOCUMENTATION = r"""
requirements:
  - boto3 on the host the module runs on
options:
  access_key:
    description: The access key. The environment variable E(AWS_ACCESS_KEY_ID) is used where not given.
    type: str
    required: true
  secret_key:
    description: The secret key. The environment variable E(AWS_SECRET_ACCESS_KEY) is used where not given.
    type: str
    required: true
  region:
    description: The region that requests are signed for. RADOS gateways take any.
    type: str
    default: us-east-1
  ca_bundle:
    description:
      - A file with the certificate authorities to trust, else E(AWS_CA_BUNDLE), else boto3's own list.
        Certificates are always verified.
    type: path
  timeout:
    description: How many seconds one request may take.
    type: int
    default: 30
"""
