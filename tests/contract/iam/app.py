# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Flask application of the double."""

from __future__ import annotations

import contextlib
import logging

from flask import Flask, g, request
from werkzeug.exceptions import HTTPException

from . import (
    VERSION,
    accounts,
    actuator,
    aup,
    clients,
    group_requests,
    groups,
    oauth,
    pages,
    passwords,
    policies,
    registration,
    scim,
    token_api,
)
from .security import Sessions
from .seed import seed
from .tokens import Tokens
from .wire import ApiError, answer

LOG = logging.getLogger(__name__)
BLUEPRINTS = (
    oauth.api,
    scim.api,
    accounts.api,
    groups.api,
    clients.api,
    policies.api,
    aup.api,
    group_requests.api,
    registration.api,
    token_api.api,
    passwords.api,
    pages.api,
    actuator.api,
)


class Application(Flask):
    """Flask with what every request needs: settings, database, keys, tokens and sessions."""

    def __init__(self, settings, database, keys):
        """settings: Settings; database: store.Database; keys: keys.KeyStore."""
        super().__init__(__name__, static_folder=None)
        self.json.sort_keys = False
        self.url_map.strict_slashes = True
        self.settings = settings
        self.database = database
        self.keys = keys
        self.tokens = Tokens(settings, keys)
        self.sessions = Sessions(settings.session_timeout)
        self.seen = []


def create_app(settings, database, keys):
    """Return the WSGI application on a database whose tables are made and filled here."""
    database.create_tables()
    with database.transaction() as connection:
        seed(connection, settings)
    app = Application(settings, database, keys)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)

    @app.before_request
    def begin():
        app.seen.append((request.method, request.path))
        g.work = contextlib.ExitStack()
        g.db = g.work.enter_context(database.transaction())

    @app.after_request
    def end(response):
        work = g.pop("work", None)
        if work is not None:
            if response.status_code >= 400:
                g.db.rollback()
            work.close()
        response.headers["Server"] = f"IAM-test-double/{VERSION}"
        return response

    @app.teardown_request
    def clean_up(_error):
        work = g.pop("work", None)
        if work is not None:
            g.db.rollback()
            work.close()

    @app.errorhandler(ApiError)
    def refuse(wrong):
        return wrong.response()

    @app.errorhandler(HTTPException)
    def unknown(wrong):
        return answer({"status": wrong.code, "error": wrong.name, "path": request.path}, wrong.code)

    @app.errorhandler(Exception)
    def broken(_wrong):
        LOG.exception("%s %s failed", request.method, request.path)
        return answer({"status": 500, "error": "Internal Server Error", "path": request.path}, 500)

    return app
