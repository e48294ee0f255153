# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health and build information: /actuator (Spring Boot's, config/security/IamApiSecurityConfig.java)."""

from __future__ import annotations

import hmac
import shutil

from flask import Blueprint, current_app, g, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from . import VERSION
from .wire import ApiError, answer

api = Blueprint("actuator", __name__, url_prefix="/actuator")

TYPE = "application/vnd.spring-boot.actuator.v3+json"


def _authorized():
    """Return whether details are shown: a Basic header, where there is one, must be right."""
    given = request.authorization
    if given is None or given.type != "basic":
        return False
    settings = current_app.settings
    right = hmac.compare_digest((given.username or "").encode(), settings.actuator_user.encode())
    right &= hmac.compare_digest((given.password or "").encode(), settings.actuator_password.encode())
    if not right:
        raise ApiError(401, {"status": 401, "error": "Unauthorized"}, {"WWW-Authenticate": 'Basic realm="Realm"'})
    return True


@api.get("/health")
def health():
    """UP while the database answers, 503 and DOWN when it does not; details only for the actuator's user."""
    details = _authorized()
    try:
        g.db.execute(text("SELECT 1"))
        database = "UP"
    except SQLAlchemyError:
        database = "DOWN"
    components = {"db": {"status": database}, "diskSpace": {"status": "UP"}, "ping": {"status": "UP"}}
    if details:
        disk = shutil.disk_usage("/")
        components["db"]["details"] = {"database": g.db.dialect.name, "validationQuery": "isValid()"}
        components["diskSpace"]["details"] = {"total": disk.total, "free": disk.free, "threshold": 10485760}
    body = {"status": database, "components": components}
    return answer(body, 200 if database == "UP" else 503, TYPE)


@api.get("/info")
def info():
    _authorized()
    build = {"artifact": "iam-login-service", "name": "IAM login service TEST DOUBLE", "version": VERSION}
    return answer({"build": build, "git": {"commit": {"id": "double"}}}, content_type=TYPE)
