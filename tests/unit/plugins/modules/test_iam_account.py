# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_account against the double of INDIGO IAM: create, change, remove; credentials, what lies apart, mark."""

from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID

from ansible_collections.infn.datacloud.plugins.module_utils.iam import backends, objects

FERMI = {"username": "fermi", "given_name": "Enrico", "family_name": "Fermi", "email": "fermi@example.org"}


def ssh_key():
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return f"{public.public_bytes(*form).decode()} somebody@laptop"


def certificate(name):
    key = ed25519.Ed25519PrivateKey.generate()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now)
    signed = builder.not_valid_after(now + datetime.timedelta(days=1)).sign(key, None)
    return signed.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.crud("iam_account")
def test_life(service):
    done = service.life(
        "iam_account", {"accounts": [{**FERMI, "password": "s3cret-of-fermi", "end_time": "2030-01-01"}]}
    )
    assert "s3cret" not in str(done)
    there = service.double.account("fermi")
    assert there["active"] and there[objects.USER]["endTime"].startswith("2030-01-01T00:00")
    changed = {
        **FERMI,
        "family_name": "Fermi-Capon",
        "email": "enrico@example.org",
        "active": False,
        "service_account": True,
        "end_time": "never",
    }
    done = service.life("iam_account", {"accounts": [changed]})
    assert set(done["operations"][0]["changes"]) == set(changed) - {"username", "given_name"}
    service.run("iam_account", {"accounts": [{**changed, "email": "e@example.org", "given_name": "E."}]})
    assert [method for method, _path in service.writes()] == ["PATCH"], "SCIM's changes are one request"
    done = service.life("iam_account", {"accounts": [{"username": "fermi", "state": "absent"}]})
    assert done["operations"] == [{"action": "delete", "key": "fermi", "changes": []}]


@pytest.mark.crud("iam_account")
def test_credentials(service):
    keys = [{"label": "laptop", "key": ssh_key()}, {"label": "desk", "key": ssh_key()}]
    certificates = [{"label": "grid", "certificate": certificate("fermi")}]
    linked = {
        "ssh_keys": keys,
        "x509_certificates": certificates,
        "oidc_ids": [{"issuer": "https://login.example.org", "subject": "1"}],
        "saml_ids": [{"idp": "https://idp.example.org", "user_id": "f", "attribute": "urn:oid:1"}],
    }
    service.life("iam_account", {"accounts": [{**FERMI, **linked}]})
    shown = service.double.account("fermi")[objects.USER]
    assert "certificates" in shown and "x509Certificates" not in shown, "written by one name and read by another"
    assert [key["value"] for key in shown["sshKeys"]] == [key["key"].split()[1] for key in keys]
    # Another spelling of the same is no difference.
    respelt = {**linked, "ssh_keys": [{"label": "x", "key": keys[1]["key"].split()[1]}]}
    respelt["x509_certificates"] = [{"label": "y", "certificate": certificates[0]["certificate"].replace("\n", "\n  ")}]
    assert not service.run("iam_account", {"accounts": [{**FERMI, **respelt}]})["changed"]
    more = {"ssh_keys": [{"label": "new", "key": ssh_key()}], "oidc_ids": []}
    done = service.life("iam_account", {"accounts": [{**FERMI, **more}]})
    assert done["operations"][0]["changes"] == ["ssh_keys"]
    assert len(service.double.account("fermi")[objects.USER]["sshKeys"]) == 3, "what is not listed stays"
    only = {
        **FERMI,
        **more,
        "x509_certificates": [],
        "saml_ids": [],
        "exclusive": ["ssh_keys", "oidc_ids", "saml_ids", "x509_certificates"],
    }
    done = service.life("iam_account", {"accounts": [only]})
    assert set(done["operations"][0]["changes"]) == {"ssh_keys", "oidc_ids", "saml_ids", "x509_certificates"}
    shown = service.double.account("fermi")[objects.USER]
    assert len(shown["sshKeys"]) == 1 and not {"oidcIds", "samlIds", "certificates"} & set(shown)


def test_replacing_keys_is_one_request(service):
    service.run("iam_account", {"accounts": [{**FERMI, "ssh_keys": [{"label": "old", "key": ssh_key()}]}]})
    new = {
        **FERMI,
        "email": "new@example.org",
        "ssh_keys": [{"label": "new", "key": ssh_key()}],
        "exclusive": ["ssh_keys"],
    }
    service.run("iam_account", {"accounts": [new]})
    assert [method for method, _path in service.writes()] == ["PATCH"]


def test_certificates_whose_text_the_listing_hides(service, monkeypatch):
    """Newer releases leave pemEncodedCertificate out of listings, so the account itself is asked."""
    wanted = {**FERMI, "x509_certificates": [{"label": "grid", "certificate": certificate("fermi")}]}
    service.run("iam_account", {"accounts": [wanted]})
    plain = backends.api.Iam.page

    def hiding(*args, **kwargs):
        answer = plain(*args, **kwargs)
        for user in answer["Resources"]:
            for entry in user[objects.USER].get("certificates", []):
                del entry["pemEncodedCertificate"]
        return answer

    monkeypatch.setattr(backends.api.Iam, "page", hiding)
    again = service.run("iam_account", {"accounts": [wanted]})
    assert not again.get("failed") and not again["changed"]
    assert sum(path.startswith("/scim/Users/") for _method, path in service.requests("GET")) == 1


@pytest.mark.crud("iam_account")
def test_labels_attributes_and_authorities(service):
    apart = {
        "labels": [{"name": "plain"}, {"prefix": "datacloud.infn.it", "name": "site", "value": "cnaf"}],
        "attributes": {"site": "cnaf", "number": 7},
        "authorities": ["ROLE_ADMIN"],
    }
    service.life("iam_account", {"accounts": [{**FERMI, **apart}]})
    other = {"labels": [{"name": "plain", "value": "2"}], "attributes": {"site": "ba"}, "authorities": ["ROLE_READER"]}
    service.life("iam_account", {"accounts": [{**FERMI, **other}]})
    exclusive = {**FERMI, **other, "exclusive": ["labels", "attributes", "authorities"]}
    done = service.life("iam_account", {"accounts": [exclusive]})
    assert done["operations"][0]["changes"] == ["labels", "attributes", "authorities"]
    uuid = service.double.account("fermi")["id"]
    roles = service.by_hand("GET", f"/iam/account/{uuid}/authorities")["authorities"]
    assert roles == ["ROLE_READER", "ROLE_USER"], "what every account has is never removed"
    labels = service.by_hand("GET", f"/iam/account/{uuid}/labels")
    assert {label["name"] for label in labels} == {"plain", "infn.datacloud"}, "nor is our mark"


@pytest.mark.crud("iam_account")
def test_purge_removes_only_what_is_marked(service):
    others = [{**FERMI, "username": f"u{number}", "email": f"u{number}@example.org"} for number in range(3)]
    service.run("iam_account", {"accounts": others})
    done = service.life("iam_account", {"accounts": others[:1], "purge": True})
    assert {item["key"] for item in done["operations"]} == {"u1", "u2"}
    assert service.double.account("admin")


def test_requests(service):
    people = [{**FERMI, "username": f"u{number}", "email": f"u{number}@example.org"} for number in range(20)]
    service.run("iam_account", {"accounts": people})
    assert len(service.requests("POST")) == 21 and len(service.requests("PUT")) == 20, "each account and its mark"
    service.run("iam_account", {"accounts": people})
    assert len(service.requests()) <= 3, "the listing, unless asking by name takes fewer requests"


def test_what_cannot_be_is_refused_before_any_write(service):
    refused = service.run(
        "iam_account", {"accounts": [{"username": "new"}, {"username": "x", "email": "x@example.org"}]}
    )
    assert refused["failed"] and service.writes() == []
    assert "account new: a new account needs given_name, family_name, email" in refused["msg"]
    assert "account x: a new account needs given_name, family_name" in refused["msg"]
    bad = {**FERMI, "end_time": "tomorrow", "x509_certificates": [{"label": "l" * 37, "certificate": "x"}]}
    refused = service.run("iam_account", {"accounts": [bad]})
    assert "end_time 'tomorrow' is neither" in refused["msg"] and "36 characters" in refused["msg"]
    assert service.requests() == []


def test_what_iam_refuses_is_told_in_a_sentence(service):
    taken = {**FERMI, "email": service.double.account("admin")["emails"][0]["value"]}
    refused = service.run("iam_account", {"accounts": [taken, {**FERMI, "username": "other"}]})
    assert refused["failed"] and refused["msg"].startswith("account fermi: POST /scim/Users: HTTP 409: ")
    assert "\n" not in refused["msg"] and [item["key"] for item in refused["not_applied"]] == ["fermi"]
