# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""iam_keystore: a key set that other software reads, certificates that stay, and nothing that leaks."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jwt

from ansible_collections.infn.datacloud.plugins.module_utils.core import SpecError
from ansible_collections.infn.datacloud.plugins.module_utils.iam import keystore

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
VALIDITY = keystore.Validity(3650, 90)


def pem(key):
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP384R1())
FAULTS = (
    "key weak: RSA keys need 2048",
    "key none: private_key is not",
    "key ed: only RSA",
    "key koblitz:",
    "key rsa1 is listed twice",
    "key other is the same key as rsa1",
    "key alg: an RSA key",
    "key curve: a key on P-384 signs with ES384",
)
KEYS = [{"kid": "rsa1", "private_key": pem(RSA)}, {"kid": "ec1", "private_key": pem(EC)}]


def build(wanted, existing=None, now=NOW, validity=VALIDITY):
    return keystore.build(wanted, existing or {}, "https://iam.example.org", validity, now)


def certificate(jwk):
    return x509.load_der_x509_certificate(base64.b64decode(jwk["x5c"][0]))


@pytest.fixture
def params(tmp_path):
    return {"path": str(tmp_path / "keystore.jwks"), "keys": KEYS, "subject": "https://iam.example.org"}


@pytest.mark.crud("iam_keystore")
def test_life(run_module, params, tmp_path):
    foreseen = run_module("iam_keystore", params, check=True)
    assert foreseen["changed"] and list(tmp_path.iterdir()) == []
    done = run_module("iam_keystore", params)
    assert done["changed"] and done["kids"] == ["rsa1", "ec1"] and done["diff"] == foreseen["diff"]
    assert done["diff"]["after"]["rsa1"] == {"algorithm": "RS256", "certificate": "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["keystore.jwks"]
    content = (tmp_path / "keystore.jwks").read_bytes()
    for check in (True, False):
        again = run_module("iam_keystore", params, check=check)
        assert not again["changed"] and again["thumbprints"] == done["thumbprints"]
    assert (tmp_path / "keystore.jwks").read_bytes() == content


def test_rotation_keeps_the_thumbprint_of_the_key_that_stays(run_module, params):
    first = run_module("iam_keystore", {**params, "keys": KEYS[:1]})["thumbprints"]
    both = run_module("iam_keystore", params)
    assert both["changed"] and both["thumbprints"]["rsa1"] == first["rsa1"]
    last = run_module("iam_keystore", {**params, "keys": KEYS[1:]})
    assert last["changed"] and last["kids"] == ["ec1"]
    assert last["diff"]["before"]["rsa1"]["certificate"] == first["rsa1"] and "rsa1" not in last["diff"]["after"]


def test_only_the_owner_reads_it_and_a_wider_mode_is_put_right(run_module, params, tmp_path):
    path = tmp_path / "keystore.jwks"
    run_module("iam_keystore", params)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert run_module("iam_keystore", params, check=True)["changed"]
    assert run_module("iam_keystore", params)["changed"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run_module("iam_keystore", {**params, "mode": "0400"})["changed"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o400


def test_a_file_that_is_no_key_set_is_replaced(run_module, params, tmp_path):
    for content in ("not JSON", "[]", '{"keys": {}}', '{"keys": [1, {"kid": "rsa1"}]}'):
        (tmp_path / "keystore.jwks").write_text(content)
        assert run_module("iam_keystore", params)["changed"]
        assert len(json.loads((tmp_path / "keystore.jwks").read_text())["keys"]) == 2


def test_nothing_private_is_returned(run_module, params):
    done = run_module("iam_keystore", params)
    shown = json.dumps(done["diff"]) + json.dumps(done["thumbprints"])
    assert "PRIVATE" not in shown
    for jwk in build(KEYS)["keys"]:
        assert jwk["d"] not in shown


def test_all_faults_are_named_at_once_and_nothing_is_written(run_module, params, tmp_path):
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  (to be refused)
    keys = [
        {"kid": "weak", "private_key": pem(weak)},
        {"kid": "none", "private_key": "-----BEGIN NOTHING-----"},
        {"kid": "ed", "private_key": pem(ed25519.Ed25519PrivateKey.generate())},
        {"kid": "koblitz", "private_key": pem(ec.generate_private_key(ec.SECP256K1()))},
        KEYS[0],
        KEYS[0],
        {**KEYS[0], "kid": "other"},
        {**KEYS[0], "kid": "alg", "algorithm": "ES256"},
        {**KEYS[1], "kid": "curve", "algorithm": "ES256"},
    ]
    for check in (True, False):
        result = run_module("iam_keystore", {**params, "keys": keys}, check=check)
        assert result["failed"] and "PRIVATE" not in result["msg"]
        for words in FAULTS:
            assert words in result["msg"]
    assert list(tmp_path.iterdir()) == []
    assert "no key is given" in run_module("iam_keystore", {**params, "keys": []})["msg"]


def test_an_encrypted_key_is_refused():
    form = serialization.BestAvailableEncryption(b"secret")
    text = EC.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, form).decode()
    with pytest.raises(SpecError, match="not an unencrypted private key"):
        keystore.load(text)


def test_without_the_folder_the_message_says_so(run_module, params, tmp_path):
    result = run_module("iam_keystore", {**params, "path": str(tmp_path / "missing" / "k")})
    assert result["failed"] and "make its folder first" in result["msg"]


def test_without_cryptography_a_fresh_host_is_foreseen(run_module, params, monkeypatch):
    monkeypatch.setattr(keystore, "HAS_CRYPTOGRAPHY", False)
    foreseen = run_module("iam_keystore", params, check=True)
    assert foreseen["changed"] and foreseen["warnings"]
    assert "cryptography" in run_module("iam_keystore", params)["msg"]


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, None), (RSA, "PS256"), (EC, None)])
def test_another_library_signs_with_it_and_verifies(key, algorithm):
    [jwk] = build([{"kid": "k", "private_key": pem(key), "algorithm": algorithm}])["keys"]
    token = jwt.JWT(header={"alg": jwk["alg"], "kid": "k"}, claims={"sub": "me"})
    token.make_signed_token(jwcrypto_jwk.JWK(**jwk))
    public = jwcrypto_jwk.JWK(**{name: value for name, value in jwk.items() if name in keystore.PUBLIC})
    assert not public.has_private
    read = jwt.JWT(jwt=token.serialize(), key=public, algs=[jwk["alg"]])
    assert json.loads(read.claims) == {"sub": "me"}


def test_the_certificate_is_for_the_key_and_self_signed():
    rsa1, ec1 = build(KEYS)["keys"]
    for jwk, key in ((rsa1, RSA), (ec1, EC)):
        found = certificate(jwk)
        assert found.public_key().public_numbers() == key.public_key().public_numbers()
        assert found.not_valid_after_utc == NOW + datetime.timedelta(days=3650)
        found.verify_directly_issued_by(found)
    digest = hashlib.sha1(base64.b64decode(rsa1["x5c"][0])).hexdigest().upper()  # noqa: S324  (what gateways compare)
    assert keystore.thumbprints({"keys": [rsa1]}) == {"rsa1": digest}


def test_a_certificate_is_replaced_only_before_its_end():
    first = build(KEYS)
    for days, kept in ((3650 - 91, True), (3650 - 89, False), (4000, False)):
        later = build(KEYS, first, NOW + datetime.timedelta(days=days))
        assert (later == first) is kept


def test_a_certificate_of_another_key_under_the_same_kid_is_not_taken_over():
    first = build(KEYS)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    [replaced] = build([{"kid": "rsa1", "private_key": pem(other)}], first)["keys"]
    assert certificate(replaced).public_key().public_numbers() == other.public_key().public_numbers()
    swapped = json.loads(json.dumps(first))
    swapped["keys"][0]["x5c"] = swapped["keys"][1]["x5c"]
    assert build(KEYS, swapped)["keys"][0]["x5c"] != swapped["keys"][0]["x5c"]
    for broken in ([], ["AA=="], "text", None):
        swapped["keys"][0]["x5c"] = broken
        certificate(build(KEYS, swapped)["keys"][0])


def test_what_is_masked():
    shown = keystore.masked(build(KEYS))
    for jwk in shown["keys"]:
        private = {"d", "p", "q", "dp", "dq", "qi"} & set(jwk)
        assert private and {jwk[name] for name in private} == {keystore.MASK}
