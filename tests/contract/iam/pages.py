# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages for people: login, logout, the dashboard, the device code, and the signature of the acceptable use policy.

config/security/IamWebSecurityConfig.java: a form POST to /login with username and password, no CSRF token, a session
cookie; failures go to /login?error=failure, what needs a session goes to /login and comes back afterwards.
"""

from __future__ import annotations

import time
from html import escape
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, g, redirect, request
from sqlalchemy import update

from . import VERSION, aup, oauth, store
from .security import ADMIN, Sessions, authorities_of, password_matches, session_of_request
from .tokens import full_name

api = Blueprint("pages", __name__)

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font-family: sans-serif; margin: 2em auto; max-width: 40em }}
.double {{ background: #b00020; color: white; font-size: 2em; font-weight: bold; padding: .5em; text-align: center }}
label, button {{ display: block; margin: .5em 0 }}
</style></head><body><p class="double">TEST DOUBLE<br>this is not INDIGO IAM</p><h1>{title}</h1>{body}</body></html>
"""


def page(title, body, status=200):
    """Return an HTML page; every one says in big letters what it is not. body is HTML (str)."""
    return Response(PAGE.format(title=escape(title), body=body), status, content_type="text/html;charset=UTF-8")


def local(address):
    """Return an address (str) if it is one of ours, else the dashboard's."""
    return address if address and address.startswith("/") and not address.startswith(("//", "/\\")) else "/dashboard"


def login_first():
    """Return the redirect to the login page that comes back to this request."""
    return redirect(f"/login?{urlencode({'next': request.full_path.rstrip('?')})}")


@api.get("/")
def home():
    text = (
        f"<p>Test double of the INDIGO IAM login service {VERSION} for {escape(current_app.settings.organisation)}: "
        "it speaks the same interfaces, for tests and for a lab. Never use it for real users.</p>"
        '<p><a href="/login">Sign in</a> &middot; <a href="/.well-known/openid-configuration">Discovery</a></p>'
    )
    return page("Identity and access management, as a test double", text)


@api.get("/login")
def login_page():
    wrong = "<p><strong>Invalid credentials!</strong></p>" if request.args.get("error") else ""
    follow = escape(request.args.get("next", ""), quote=True)
    return page(
        f"Sign in to {current_app.settings.organisation}",
        f'{wrong}<form action="/login" method="post"><input type="hidden" name="next" value="{follow}">'
        '<label>Username <input name="username" autofocus></label>'
        '<label>Password <input name="password" type="password"></label><button>Sign in</button></form>',
    )


@api.post("/login")
def login():
    """A session with a new cookie; local sign-in may be for administrators only (IAM_LOCAL_AUTHN_ENABLED_FOR)."""
    row = store.one(g.db, store.account, username=request.form.get("username", ""))
    allowed = current_app.settings.local_authentication_for
    valid = row is not None and password_matches(request.form.get("password", ""), row.password) and row.active
    valid = valid and (allowed == "all" or (allowed == "vo-admins" and ADMIN in authorities_of(row.uuid)))
    if not valid:
        return redirect("/login?error=failure")
    current_app.sessions.end(request.cookies.get(Sessions.COOKIE, ""))
    target = local(request.form.get("next"))
    if aup.signature_needed(row):
        target = f"/iam/aup/sign?{urlencode({'next': target})}"
    response = redirect(target)
    secure = current_app.settings.base_url.startswith("https://")
    response.set_cookie(Sessions.COOKIE, current_app.sessions.start(row.uuid), httponly=True, secure=secure)
    return response


@api.route("/logout", methods=["GET", "POST"])
def logout():
    current_app.sessions.end(request.cookies.get(Sessions.COOKIE, ""))
    response = redirect("/login?logout")
    response.delete_cookie(Sessions.COOKIE)
    return response


@api.get("/dashboard")
def dashboard():
    session = session_of_request()
    if session is None:
        return login_first()
    name = escape(full_name(session["row"]))
    return page(
        "Dashboard", f'<p>Signed in as {name}.</p><form action="/logout" method="post"><button>Sign out</button>'
    )


@api.get("/about")
def about():
    return page("About", f"<p>Test double of INDIGO IAM {VERSION}.</p>")


# Device code


def ask_for_code(problem=""):
    """Return the page that asks for a user code."""
    note = f"<p><strong>{escape(problem)}</strong></p>" if problem else ""
    return page(
        "Enter code",
        f'{note}<form action="/device/verify" method="post"><label>Code <input name="user_code" autofocus></label>'
        "<button>Submit</button></form>",
    )


def confirm(user_code):
    """Return the page that asks a user whether a client may have what it asks for."""
    row = oauth.find_device_code(user_code)
    if row is None:
        return ask_for_code("noUserCode")
    if row.document["state"] != "pending":
        return ask_for_code("userCodeAlreadyApproved")
    account = session_of_request()["row"]
    client = store.one(g.db, store.client, client_id=row.client_id)
    scopes = "".join(f"<li>{escape(one)}</li>" for one in oauth.user_scopes(account, row.document["scope"]))
    code = escape(row.document["user_code"], quote=True)
    return page(
        f"Approve {client.name}?",
        f'<ul>{scopes}</ul><form action="/device/approve" method="post">'
        f'<input type="hidden" name="user_code" value="{code}">'
        '<button name="user_oauth_approval" value="true">Authorize</button>'
        '<button name="user_oauth_approval" value="false">Deny</button></form>',
    )


@api.get("/device")
def device():
    if session_of_request() is None:
        return login_first()
    code = request.args.get("user_code")
    if not code or not current_app.settings.complete_verification_uri:
        return ask_for_code()
    return confirm(code)


@api.post("/device/verify")
def verify_device():
    if session_of_request() is None:
        return login_first()
    return confirm(request.form.get("user_code", ""))


@api.post("/device/approve")
def approve_device():
    """core/oauth/IamDeviceEndpointController.java: parameter user_oauth_approval says yes or no."""
    session = session_of_request()
    if session is None:
        return login_first()
    row = oauth.find_device_code(request.form.get("user_code", ""))
    if row is None or row.document["state"] != "pending":
        return ask_for_code("noUserCode")
    approved = request.form.get("user_oauth_approval") == "true"
    if approved:
        document = {**row.document, "state": "approved"}
        current_app.tokens.change(row, document=document, account=session["row"].uuid)
    return page("Device authorized" if approved else "Device denied", "<p>You can close this page.</p>")


# Acceptable use policy


@api.get("/iam/aup/sign")
def sign_page():
    session = session_of_request()
    if session is None:
        return login_first()
    url = escape(aup.found().document["url"], quote=True)
    follow = escape(request.args.get("next", ""), quote=True)
    return page(
        "Sign the acceptable use policy",
        f'<p><a href="{url}">{url}</a></p><form action="/iam/aup/sign" method="post">'
        f'<input type="hidden" name="next" value="{follow}"><button>I agree</button></form>',
    )


@api.post("/iam/aup/sign")
def sign():
    session = session_of_request()
    if session is None:
        return login_first()
    aup.found()
    aup.sign(session["row"].uuid, time.time())
    g.db.execute(update(store.account).where(store.account.c.uuid == session["row"].uuid).values(updated=time.time()))
    return redirect(local(request.form.get("next")))
