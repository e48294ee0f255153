#!/usr/bin/python
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of INDIGO IAM."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_client
version_added: 0.1.0
short_description: Clients of INDIGO IAM
description:
  - Creates, changes and removes OAuth clients, which are known by their id.
  - A change replaces the whole client, as that is IAM's only way; what is not given, the secret too, is sent back
    as it was read.
  - IAM makes up the secret of a new client, so a given one takes a second request.
  - A client made by this module has V([infn.datacloud]) at the end of its description. O(purge) removes only
    clients with it, and never the one the module speaks as.
author:
  - INFN DataCloud (@infn-datacloud)
options:
  clients:
    description: The clients.
    type: list
    elements: dict
    required: true
    suboptions:
      client_id:
        description: The client's id.
        type: str
        required: true
      client_secret:
        description:
          - The secret; another one here replaces it. Where not given it stays, and IAM makes one up for a new client.
        type: str
      name:
        description: The name, in 4 to 256 characters. A new client needs it.
        type: str
      description:
        description: What the client is for, without the mark.
        type: str
      contacts:
        description: All e-mail addresses of those who run it.
        type: list
        elements: str
      redirect_uris:
        description: All addresses that IAM may send users back to.
        type: list
        elements: str
      grant_types:
        description:
          - All grants. A new client needs one. The scope C(offline_access) brings V(refresh_token) with it.
        type: list
        elements: str
        choices:
          - authorization_code
          - client_credentials
          - password
          - implicit
          - refresh_token
          - urn:ietf:params:oauth:grant-type:device_code
          - urn:ietf:params:oauth:grant-type:token-exchange
          - urn:ietf:params:oauth:grant_type:redelegate
      response_types:
        description: All response types, such as V(code).
        type: list
        elements: str
      scopes:
        description: All scopes.
        type: list
        elements: str
      token_endpoint_auth_method:
        description: How the client proves who it is.
        type: str
        choices: [client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, none]
      client_uri:
        description: The client's home page.
        type: str
      tos_uri:
        description: Its terms of service.
        type: str
      policy_uri:
        description: Its policy.
        type: str
      jwks_uri:
        description: Where its public keys are.
        type: str
      jwk:
        description: Its public keys as a JSON Web Key Set.
        type: json
      code_challenge_method:
        description: The PKCE method.
        type: str
        choices: [none, plain, S256]
      access_token_validity:
        description: Seconds for which access tokens are good.
        type: int
      refresh_token_validity:
        description: Seconds for which refresh tokens are good, V(0) for no end.
        type: int
      id_token_validity:
        description: Seconds for which ID tokens are good.
        type: int
      device_code_validity:
        description: Seconds for which device codes are good.
        type: int
      default_max_age:
        description: Seconds after which users must log in again.
        type: int
      reuse_refresh_token:
        description: Whether a refresh token stays good once it was used.
        type: bool
      clear_access_tokens_on_refresh:
        description: Whether a refresh ends the access tokens from before.
        type: bool
      require_auth_time:
        description: Whether ID tokens say when the user logged in.
        type: bool
      allow_introspection:
        description: Whether the client may ask about tokens. IAM allows it to every new client.
        type: bool
      active:
        description:
          - Whether the client may be used. IAM ignores who asks with client credentials to change it, so that takes
            the O(token) of an administrator; the module fails rather than report what did not happen.
        type: bool
      owners:
        description:
          - Usernames of accounts that own the client. Others stay, unless V(owners) is in O(clients[].exclusive).
          - It takes one request for a client to read them.
        type: list
        elements: str
      exclusive:
        description: The lists that are complete, so that what they do not name is removed.
        type: list
        elements: str
        choices: [owners]
      state:
        description: Whether the client is there.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - infn.datacloud.core
  - infn.datacloud.core.purge
  - infn.datacloud.iam
"""

EXAMPLES = r"""
- name: The storage service of a site
  infn.datacloud.iam_client:
    url: https://iam.example.org
    client_id: datacloud-admin
    client_secret: "{{ lookup('infn.datacloud.secret', 'iam/main/admin_client_secret') }}"
    clients:
      - client_id: storage-cnaf
        client_secret: "{{ lookup('infn.datacloud.secret', 'iam/main/clients/storage-cnaf') }}"
        name: Storage at CNAF
        contacts: [storage@example.org]
        grant_types: [client_credentials]
        scopes: [openid, "storage.read:/"]
        token_endpoint_auth_method: client_secret_basic
        access_token_validity: 3600
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
      description: The client's id.
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
from ansible_collections.infn.datacloud.plugins.module_utils.iam import api, backends, objects


def main():
    spec = objects.CLIENT
    options = {**api.OPTIONS, **spec.argument_spec(), "purge": {"type": "bool", "default": False}}
    module = AnsibleModule(options, supports_check_mode=True, **api.CREDENTIALS)
    core.run(module, spec, backends.Clients(module))


if __name__ == "__main__":
    main()
