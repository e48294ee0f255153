#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Buckets and what is set on them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_bucket
version_added: 0.1.0
short_description: Buckets and what is set on them
description:
  - Creates, changes and removes buckets of the user whose keys are given, on RADOS gateways and other S3 services.
  - What is not given of a bucket is neither read nor changed. Each thing given costs one request to read.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  endpoint_url:
    description: The address of the S3 service.
    type: str
    required: true
  buckets:
    description: The buckets.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The bucket's name.
        type: str
        required: true
      object_lock:
        description: Whether versions of objects can be locked. It can only be chosen at creation, and needs versioning.
        type: bool
      versioning:
        description: Whether old versions are kept.
        type: str
        choices: [enabled, suspended]
      retention:
        description: How long new versions are locked. Needs O(buckets[].object_lock=true).
        type: dict
        suboptions:
          mode:
            description: Whether a user with the right to do so may shorten it (V(governance)) or nobody.
            type: str
            choices: [governance, compliance]
          days:
            description: Days of retention. Give this or O(buckets[].retention.years).
            type: int
          years:
            description: Years of retention.
            type: int
      encryption:
        description: How objects are encrypted unless they ask for something else.
        type: dict
        suboptions:
          algorithm:
            description: With keys of the service (V(AES256)), with a key of its key manager (V(aws:kms)), or not.
            type: str
            choices: [none, AES256, "aws:kms"]
            required: true
          kms_key:
            description: The name of the key for V(aws:kms).
            type: str
      acl:
        description: Who may list and write besides the owner. Prefer O(buckets[].policy).
        type: str
        choices: [private, public-read, public-read-write, authenticated-read]
      policy:
        description: The bucket policy; V({}) for none.
        type: dict
      lifecycle:
        description:
          - All lifecycle rules as in the S3 API, such as C(ID), C(Status), C(Filter) and C(Expiration); V([]) for none.
          - Each needs an C(ID).
        type: list
        elements: dict
      tags:
        description: All tags; V({}) for none.
        type: dict
      quota:
        description:
          - The bucket's own quota. It goes through the admin API of RADOS gateways, for which the user of the keys
            needs the capability C(buckets=*).
        type: dict
        suboptions:
          enabled:
            description: Whether it is enforced.
            type: bool
          max_size:
            description: The size in bytes, or with a unit as in V(10G); rounded up to KiB, V(-1) for no limit.
            type: str
          max_objects:
            description: The number of objects, V(-1) for no limit.
            type: int
      state:
        description: Whether the bucket is there. V(absent) is refused for a bucket that holds anything.
        type: str
        choices: [present, absent]
        default: present
  force_empty:
    description: Names of buckets that may be removed with everything in them. What they hold is lost.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.s3
"""

EXAMPLES = r"""
- name: A project's bucket
  infn.datacloud.s3_bucket:
    endpoint_url: https://s3.cnaf.example.org
    access_key: "{{ lookup('infn.datacloud.secret', 'rgw/virgo/access_key') }}"
    secret_key: "{{ lookup('infn.datacloud.secret', 'rgw/virgo/secret_key') }}"
    ca_bundle: /etc/ssl/certs/ca-certificates.crt
    buckets:
      - name: virgo-frames
        versioning: enabled
        encryption:
          algorithm: AES256
        lifecycle:
          - ID: old-versions
            Status: Enabled
            Filter:
              Prefix: raw/
            NoncurrentVersionExpiration:
              NoncurrentDays: 30
        tags:
          project: virgo
"""

RETURN = r"""
operations:
  description: What was done, or would be done in check mode, in order.
  type: list
  elements: dict
  returned: always
  contains:
    action:
      description: What happened to the object; one of V(create), V(update) and V(delete).
      type: str
      returned: always
    key:
      description: The object's name.
      type: str
      returned: always
    changes:
      description: The names of the fields that differed.
      type: list
      elements: str
      returned: always
diff:
  description: The changed objects before and after, secrets masked.
  type: dict
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.s3 import api, backends, objects


def main():
    options = {
        **api.OPTIONS,
        **objects.BUCKET.argument_spec(),
        "force_empty": {"type": "list", "elements": "str", "default": []},
    }
    module = AnsibleModule(options, supports_check_mode=True)
    api.require(module)
    core.run(module, objects.BUCKET, backends.Buckets(module))


if __name__ == "__main__":
    main()
