# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes over the wire: JSON bodies checked field by field, answers, errors, paging and times."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, json, request

SCIM_TYPE = "application/scim+json;charset=UTF-8"
PAGE = 100
NUMBER = (int, float)


class ApiError(Exception):
    """An answer that ends the request; nothing that the request wrote is kept."""

    def __init__(self, status, body, headers=None, content_type="application/json"):
        """status: HTTP (int); body: what is sent as JSON (dict); headers: more headers (dict)."""
        super().__init__(body)
        self.status = status
        self.body = body
        self.headers = headers or {}
        self.content_type = content_type

    def response(self):
        """Return the flask.Response."""
        return answer(self.body, self.status, self.content_type, self.headers)


def error(status, message):
    """Return the ApiError of IAM's own REST interface: ErrorDTO {"error": message} (api/common/ErrorDTO.java)."""
    return ApiError(status, {"error": message})


def scim_error(status, message):
    """Return the ApiError of SCIM (api/scim/controller/ScimExceptionHandler.java)."""
    schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"]
    return ApiError(status, {"status": str(status), "detail": message, "schemas": schemas})


def answer(body, status=200, content_type="application/json", headers=None):
    """Return a flask.Response with a JSON body, or with none where body is None."""
    if body is None:
        return Response(status=status, headers=headers)
    return Response(json.dumps(body), status=status, content_type=content_type, headers=headers)


def scim(body, status=200):
    """Return a SCIM answer; a client that only accepts another type gets 406, as Spring's `produces` says."""
    accept_type("application/scim+json")
    return answer(body, status, SCIM_TYPE)


def accept_type(media_type):
    """Refuse with 406 a request whose Accept header does not include the media type (str)."""
    if "Accept" in request.headers and media_type not in request.accept_mimetypes:
        raise ApiError(406, None)


def body_of(media_type="application/json", kind=dict):
    """Return the request's JSON body; 415 for another content type, 400 for what is not JSON or not of this kind."""
    if request.mimetype != media_type:
        raise error(415, f"Content type '{request.content_type or ''}' not supported")
    try:
        body = json.loads(request.get_data())
    except ValueError as wrong:
        raise error(400, f"JSON parse error: {wrong}") from wrong
    if not isinstance(body, kind):
        raise error(400, f"JSON parse error: a JSON {kind.__name__} is expected")
    return body


def checked(body, fields, make_error=error, where=""):
    """Refuse a JSON object with unknown fields or wrong types, and return it without its nulls (dict).

    fields is {name: type}: a Python type, a tuple of types, [type] for a list of them, or a dict of fields for an
    object. Upstream's Jackson ignores unknown fields; here they are refused, because a misspelt field is a mistake
    that nobody would notice.
    """
    if not isinstance(body, dict):
        raise make_error(400, f"JSON parse error: {where or 'the body'} must be an object")
    clean = {}
    for name, value in body.items():
        path = f"{where}.{name}" if where else name
        if name not in fields:
            raise make_error(400, f'JSON parse error: Unrecognized field "{path}"')
        if value is not None:
            clean[name] = _value(value, fields[name], make_error, path)
    return clean


def _value(value, kind, make_error, path):
    if isinstance(kind, dict):
        return checked(value, kind, make_error, path)
    if isinstance(kind, list):
        if not isinstance(value, list):
            raise make_error(400, f"JSON parse error: {path} must be a list")
        return [_value(item, kind[0], make_error, f"{path}[{index}]") for index, item in enumerate(value)]
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        expected = " or ".join(one.__name__ for one in kinds)
        raise make_error(400, f"JSON parse error: {path} must be of type {expected}")
    return value


def iso(seconds):
    """Return a time (seconds since 1970, or None) as upstream writes it (api/scim/.../JsonDateSerializer.java)."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_of(text):
    """Return the seconds since 1970 (float) of an ISO 8601 time with its zone (str), or of milliseconds (int).

    Raise ValueError where it is neither, as Jackson does for a Date.
    """
    if isinstance(text, int):
        return text / 1000
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def without_nulls(body):
    """Return a dict without None and empty lists or strings (Jackson's NON_EMPTY)."""
    return {name: value for name, value in body.items() if value not in (None, [], {}, "")}


def number(name, default=None):
    """Return a query parameter as int; 400 where it is something else."""
    text = request.args.get(name)
    if text is None or text == "":
        return default
    try:
        return int(text)
    except ValueError as wrong:
        raise error(400, f"Failed to convert value of type 'java.lang.String' to 'int': \"{text}\"") from wrong


def paging(maximum=PAGE):
    """Return (index of the first from 0, how many) of this request.

    startIndex counts from 1; count is at most 100, a negative one is 0 (api/scim/controller/ScimControllerSupport.java,
    api/common/PagingUtils.java).
    """
    wanted = number("count", maximum)
    return max(1, number("startIndex", 1)) - 1, min(max(0, wanted), maximum)


def page(total, offset, resources, schemas=True):
    """Return a ListResponse (dict). SCIM's own lists name their schema, IAM's do not."""
    body = {
        "totalResults": total,
        "itemsPerPage": len(resources),
        "startIndex": offset + 1,
        "Resources": resources,
    }
    if schemas:
        body["schemas"] = ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    return body
