# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How providers and roles of RADOS gateways are read and written: the Backends of core.run."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.infn.datacloud.plugins.module_utils import core
from ansible_collections.infn.datacloud.plugins.module_utils.rgw_iam import issuer, objects
from ansible_collections.infn.datacloud.plugins.module_utils.s3 import api

# Requests at once: they wait for the network, not for the processor.
PARALLEL = 8
# RGW 18 says Unknown where AWS says NoSuchEntity, so the status counts.
NOT_FOUND = (404,)
PAUSE = 1  # seconds between two looks at another zone


class IamBackend(core.Backend):
    """What both kinds share: the client, and an empty start where check mode runs before the gateway is there."""

    reread = True

    def __init__(self, module):
        self.module = module
        self.iam = api.S3(module.params, "iam")

    def call(self, method, subject, absent=(), **arguments):
        """As api.S3.call, with what the user lacks where it is refused."""
        try:
            return self.iam.call(method, subject, absent, **arguments)
        except api.Unreachable:
            raise
        except core.ApiError as error:
            if ": HTTP 403 " in str(error):
                hint = "the user of these keys needs the capabilities oidc-provider=* and roles=*"
                raise core.ApiError(f"{error}; {hint}") from error
            raise

    def read(self, desired):
        try:
            return self.current(desired)
        except api.Unreachable as error:
            if not self.module.check_mode:
                raise
            self.module.warn(f"Planned as if there were none yet: {error}")
            return {}

    def current(self, desired):
        """As read, where the gateway answers."""
        raise NotImplementedError


class Providers(IamBackend):
    """The issuers whose tokens a gateway takes. Each is asked for by its ARN: RGW 18 fails to list none."""

    def prepare(self, desired):
        said = [complaint for wanted in desired for complaint in objects.provider_complaints(wanted)]
        if said:
            raise core.SpecError("; ".join(said))
        return [self._with_thumbprints(wanted) for wanted in desired]

    def _with_thumbprints(self, wanted):
        if wanted.get("state") == "absent" or wanted.get("thumbprints"):
            return wanted
        try:
            found = issuer.thumbprints(wanted["url"], self.module.params["ca_bundle"], self.module.params["timeout"])
        except issuer.Unreachable as error:
            if not self.module.check_mode:
                raise
            self.module.warn(f"The thumbprints were not compared: {error}")
            return wanted
        if len(found) > objects.MOST_THUMBPRINTS:
            raise core.ApiError(
                f"provider {wanted['url']}: its keys have {len(found)} certificates, where RGW keeps at most "
                f"{objects.MOST_THUMBPRINTS}; let the issuer withdraw old keys, or give thumbprints"
            )
        return {**wanted, "thumbprints": found}

    def current(self, desired):
        found = {}
        for wanted in desired:
            url = wanted["url"]
            arn = objects.provider_arn(url)
            there = self.call(
                "get_open_id_connect_provider", f"provider {url}", NOT_FOUND, OpenIDConnectProviderArn=arn
            )
            if there is not None:
                found[url] = {
                    "url": url,
                    "client_ids": there.get("ClientIDList", []),
                    "thumbprints": there.get("ThumbprintList", []),
                }
        return found

    def apply(self, operation):
        url = operation.key
        subject, arn = f"provider {url}", objects.provider_arn(url)
        # RGW 18 changes nothing of a provider, so a new one takes its place; tokens are refused in between.
        if operation.action != "create":
            self.call("delete_open_id_connect_provider", subject, NOT_FOUND, OpenIDConnectProviderArn=arn)
        if operation.action != "delete":
            self.call(
                "create_open_id_connect_provider",
                subject,
                Url=url,
                ClientIDList=operation.after["client_ids"],
                ThumbprintList=objects.thumbprints(operation.after["thumbprints"]),
            )


class Roles(IamBackend):
    """What bearers of tokens may become, and what they may do then."""

    def __init__(self, module):
        super().__init__(module)
        params = module.params
        self.replicas = [api.S3({**params, "endpoint_url": url}, "iam") for url in params["replicas"]]

    def prepare(self, desired):
        said = [complaint for wanted in desired for complaint in objects.role_complaints(wanted)]
        if said:
            raise core.SpecError("; ".join(said))
        return [objects.stored(wanted) for wanted in desired]

    def current(self, desired):
        listed = {role["RoleName"]: role for role in self._listed()}
        wanted = {role["name"]: role for role in desired}
        needed = [name for name, role in wanted.items() if name in listed and role.get("state") != "absent"]
        with ThreadPoolExecutor(PARALLEL) as pool:
            policies = dict(zip(needed, pool.map(self._policies, needed), strict=True))
        current = {name: objects.view(role, policies.get(name, {})) for name, role in listed.items()}
        for name in needed:
            if "Description" not in listed[name]:  # before Ceph 19 there is none
                current[name]["description"] = wanted[name]["description"]
        return current

    def _listed(self):
        roles, marker = [], {}
        while True:
            answer = self.call("list_roles", "roles", NOT_FOUND, **marker) or {}  # RGW 18 does not find none
            roles += answer.get("Roles", [])
            if not answer.get("IsTruncated") or not answer.get("Marker"):
                return roles
            marker = {"Marker": answer["Marker"]}

    def _policies(self, name):
        """The inline policies (dict by name) of a role."""
        subject, found = f"role {name}", {}
        for policy in self._policy_names(name):
            answer = self.call("get_role_policy", subject, NOT_FOUND, RoleName=name, PolicyName=policy)
            if answer is not None:
                found[policy] = answer.get("PolicyDocument")
        return found

    def _policy_names(self, name):
        return self.call("list_role_policies", f"role {name}", RoleName=name).get("PolicyNames", [])

    def owned(self, obj):
        return obj["path"].startswith(objects.PATH)

    def apply(self, operation):
        name, after = operation.key, operation.after
        subject = f"role {name}"
        if operation.action == "delete":
            self._remove_policies(name, self._policy_names(name))
            for replica in self.replicas:
                self._await_no_policies(name, replica)
            self.call("delete_role", subject, RoleName=name)
            return
        if operation.action == "create":
            options = {
                "Path": after["path"],
                "Description": after.get("description"),
                "MaxSessionDuration": after.get("max_session_duration"),
            }
            self.call(
                "create_role",
                subject,
                RoleName=name,
                AssumeRolePolicyDocument=objects.document(after["trust_policy"]),
                **{key: value for key, value in options.items() if value is not None},
            )
        else:
            self._update(subject, operation)
        if "permission_policies" in operation.changes:
            there = (operation.before or {}).get("permission_policies", {})
            self._remove_policies(name, [policy for policy in there if policy not in after["permission_policies"]])
            for policy, content in after["permission_policies"].items():
                text = objects.document(content)
                self.call("put_role_policy", subject, RoleName=name, PolicyName=policy, PolicyDocument=text)

    def _update(self, subject, operation):
        name, after, changes = operation.key, operation.after, operation.changes
        if "trust_policy" in changes:
            text = objects.document(after["trust_policy"])
            self.call("update_assume_role_policy", subject, RoleName=name, PolicyDocument=text)
        if "max_session_duration" in changes or "description" in changes:
            given = {"MaxSessionDuration": after.get("max_session_duration"), "Description": after.get("description")}
            # Both, as RGW sets what is left out back to its own default.
            options = {key: value for key, value in given.items() if value is not None}
            self.call("update_role", subject, RoleName=name, **options)

    def _remove_policies(self, name, policies):
        for policy in policies:
            self.call("delete_role_policy", f"role {name}", NOT_FOUND, RoleName=name, PolicyName=policy)

    def _await_no_policies(self, name, replica):
        """Wait until another zone knows that a role has no policies.

        A zone of Ceph 18 that hears of the removal before refuses it (ERR_DELETE_CONFLICT), keeps the role with its
        rights, and its replication of metadata stops there.
        """
        timeout = self.module.params["replica_timeout"]
        end, last = time.monotonic() + timeout, "it still has its rights there"
        while True:
            try:
                answer = replica.call("list_role_policies", f"role {name}", NOT_FOUND, RoleName=name)
                if not (answer or {}).get("PolicyNames"):
                    return
            except core.ApiError as error:
                last = str(error)
            if time.monotonic() > end:
                raise core.ApiError(
                    f"role {name} has no rights any more, but is not removed, as {replica.endpoint} did not follow in "
                    f"{timeout} s: {last}; run again once that zone has caught up, or take it out of replicas"
                )
            time.sleep(PAUSE)
