# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords: /iam/password-update and /iam/password-reset (api/account/password_reset/*.java, util/RegexUtil.java)."""

from __future__ import annotations

import re
import string

from flask import Blueprint, Response, g, request
from sqlalchemy import update

from . import store
from .security import caller, denied, hash_password, password_matches

api = Blueprint("passwords", __name__, url_prefix="/iam")

PUNCTUATION = re.escape(string.punctuation)
# The last part asks for one character more than the eight that the message speaks of.
PASSWORD = re.compile(rf"^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[{PUNCTUATION}]).{{8,}}([^\r\t\v\f\n]+)$")
MESSAGE = (
    "The password must include at least one uppercase letter, one lowercase letter, one number one symbol "
    "(e.g., @$!%*?&) and must contain at least 8 characters for greater security."
)


def refuse(text, status=400):
    """Return the plain text with which these two interfaces refuse."""
    return Response(text, status, content_type="text/plain;charset=UTF-8")


@api.post("/password-update")
def update_password():
    """The signed-in user's own password: form fields currentPassword and updatedPassword; the session goes on."""
    who = caller()
    if who.account is None:
        raise denied()
    current, new = request.form.get("currentPassword", ""), request.form.get("updatedPassword", "")
    if not current:
        return refuse("Invalid password: [currentPassword : must not be empty]")
    if not new:
        return refuse("Invalid password: [updatedPassword : The password cannot be empty]")
    if not PASSWORD.match(new):
        return refuse(f"Invalid password: [updatedPassword : {MESSAGE}]")
    if not password_matches(current, who.account.password):
        return refuse("Wrong password provided")
    table = store.account
    g.db.execute(update(table).where(table.c.uuid == who.account.uuid).values(password=hash_password(new)))
    return "", 200


@api.post("/password-reset/token")
def ask_for_reset():
    """Says nothing of whether the address is known; the double sends no mail, so nobody gets a token."""
    if "@" not in request.form.get("email", ""):
        return refuse("validation error: please specify a valid email address")
    return "", 200


@api.post("/password-reset")
def reset():
    """Every token is unknown, because none was sent."""
    return refuse("No account found for reset_key", 404)
