"""
Responses that carry a stored file: ranges, validators, and headers that keep a file from becoming a page of this site.

Files come from people, so a browser must not run anything in them. A browser shows only files of SHOWN_TYPES, and a
response names OTHER_TYPE for every type that is in no list here. This module checks no right, and counts no budget: its
caller does both first.
"""

import hashlib
import re
import unicodedata
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from channels_transport import StoredFileResponse
from chat.services import files

# A browser runs no script in these types, and shows or plays them itself.
SHOWN_TYPES = frozenset(
    ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"]
    + ["video/mp4", "video/webm", "video/quicktime", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/webm"]
)
# Programs on a phone choose by the type. These types run nothing in a browser, which only downloads them.
DOWNLOADED_TYPES = frozenset(["application/pdf", "application/zip", "text/plain"])
OTHER_TYPE = "application/octet-stream"
# The page that a browser makes of a picture or a film has a style of its own.
POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'"
# A client that follows the redirect to a bucket must begin within this time.
REDIRECT_SECONDS = 60
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)
MAX_NAME = 255  # characters


def make_file_response(
    request: HttpRequest, name: str, filename: str, type: str, size: int, is_inline: bool = False
) -> HttpResponseBase:
    """
    Return the file with the name `name` of chat/services/files, or the range of it that the request names.

    `filename` is the name that people see. `size` is in bytes. With `is_inline`, a browser shows the file if its type
    is one of SHOWN_TYPES; otherwise the browser saves it. The file of a name never changes, so its ETag is made of the
    name. The status is 200, 206, 302, 304 or 416. Raise FileLost if there is no such file.

    With CHAT_X_ACCEL, nginx sends the file. With CHAT_S3_REDIRECT, a request for a file that the browser saves is
    redirected to the bucket (302).
    """
    etag = f'"{hashlib.sha256(name.encode()).hexdigest()[:32]}"'
    if _is_cached(request, etag):
        response: HttpResponseBase = HttpResponse(status=304)
    elif settings.CHAT_X_ACCEL and files.is_in_directory(name):
        # nginx answers requests for ranges, with an ETag of its own.
        response = HttpResponse()
        response["X-Accel-Redirect"] = f"{settings.CHAT_X_ACCEL}{name}"
    elif settings.CHAT_S3_REDIRECT and (url := _find_url(name, filename, type, is_inline)):
        response = HttpResponseRedirect(url)
    elif (found := _find_range(request, etag, size)) is None:
        response = _send(request, name, 0, size)
    elif found[1] > 0:
        first, length = found
        response = _send(request, name, first, length)
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{first + length - 1}/{size}"
    else:
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{size}"
    _add_headers(response, filename, type, is_inline, etag)
    return response


def _find_url(name: str, filename: str, type: str, is_inline: bool) -> str | None:
    """Return the address of a download in the bucket. The policy of the pages forbids pictures from other sites."""
    bucket = files.find_bucket()
    if bucket is None or _is_shown(type, is_inline) or not bucket.has(name):
        return None
    headers = {"Content-Disposition": make_disposition("attachment", filename), "Content-Type": _find_type(type)}
    return bucket.make_url(name, REDIRECT_SECONDS, headers)


def _is_cached(request: HttpRequest, etag: str) -> bool:
    """Return whether the client has the file already (RFC 9110, section 13.1.2)."""
    known = request.META.get("HTTP_IF_NONE_MATCH", "")
    return known.strip() == "*" or etag in (item.strip().removeprefix("W/") for item in known.split(","))


def _find_range(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """
    Return the first byte and the length of the range that a request names, or None for the whole file.

    The length is 0 if the file has no byte of this range. Several ranges, and a range that is not valid, get the whole
    file, as RFC 9110 allows (section 14.2).
    """
    match = _RANGE.fullmatch(request.META.get("HTTP_RANGE", "").replace(" ", ""))
    if match is None or request.META.get("HTTP_IF_RANGE", etag).strip() != etag:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        length = min(int(suffix), size)
        return size - length, length
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < int(first):
        return None
    return int(first), max(0, end - int(first))


def _send(request: HttpRequest, name: str, first: int, length: int) -> HttpResponseBase:
    """Return a response with a part of a file. Raise FileLost."""
    if not files.has(name):
        raise files.FileLost(name)
    if request.method == "HEAD":
        response = HttpResponse()
        response["Content-Length"] = str(length)
        return response
    return StoredFileResponse(name, first, length, files.read_range)


def _add_headers(response: HttpResponseBase, filename: str, type: str, is_inline: bool, etag: str) -> None:
    kind = "inline" if _is_shown(type, is_inline) else "attachment"
    response["Content-Type"] = _find_type(type)
    response["Content-Disposition"] = make_disposition(kind, filename)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    # A browser may keep the file, and asks each time whether the person may still see it.
    response["Cache-Control"] = "private, no-cache"


def _is_shown(type: str, is_inline: bool) -> bool:
    return is_inline and type in SHOWN_TYPES


def _find_type(type: str) -> str:
    return type if type in SHOWN_TYPES | DOWNLOADED_TYPES else OTHER_TYPE


def make_disposition(kind: str, filename: str) -> str:
    """
    Return a value of Content-Disposition (RFC 6266). `kind` is `inline` or `attachment`.

    The name appears twice: in ASCII for old programs, and percent-encoded. A character that could end the text, begin
    another parameter, name a folder, or hide the ending of the name becomes `_` (CVE-2022-36359 was such a mistake).
    """
    clean = "".join("_" if _is_unsafe(character) else character for character in filename)
    clean = clean.strip(" .")[:MAX_NAME] or "file"
    plain = "".join(character if character.isascii() else "_" for character in clean)
    text = f'{kind}; filename="{plain}"'
    return text if plain == clean else f"{text}; filename*=UTF-8''{quote(clean, safe='')}"


def _is_unsafe(character: str) -> bool:
    # The categories C include control characters, marks of the direction, and lone surrogates.
    # U+2028 and U+2029 end a line.
    return character in '"\\/:*?<>|;%\u2028\u2029' or unicodedata.category(character).startswith("C")
