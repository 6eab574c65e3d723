"""
Files in a bucket of S3, or of another service with this interface, through django-storages and boto3.

boto3 reads the keys, the region and the endpoint from its usual environment variables. Other settings of a bucket may
be in `chatproj/settings.py`, under the names of django-storages (AWS_S3_OBJECT_PARAMETERS and others).

The file objects of django-storages would load a whole file to read a range, and cannot abort an upload. So this module
uses the client of boto3 for parts and ranges. Many threads may share this client.

An upload of several parts becomes a file when it is completed. Before that, nobody can read it, but `find` lists it.
"""

import contextlib
import functools
import os
import random
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

from .errors import FileLost, NoSpace, StoreUnavailable
from .names import check_kind, check_name, is_name
from .writing import Info, Parts, Writer

SCHEME = "s3://"
# An upload keeps one part in memory. S3 allows 10,000 parts, so a file may have 80 GB.
PART_BYTES = 8 * 1024 * 1024
READ_BYTES = 100_000
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
MISSING = (
    "CHAT_FILES names a bucket, and django-storages or boto3 is not installed: install requirements-s3.txt, or change"
    " CHAT_FILES."
)
_BUSY = {"SlowDown", "RequestTimeout", "503"}
_LOST = {"404", "NoSuchKey", "NoSuchUpload", "NotFound"}
_FULL = {"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "507", "EntityTooLarge"}


class Bucket(NamedTuple):
    """A connection to a bucket: the storage of django-storages, and the client of boto3."""

    storage: Any
    client: Any


@functools.lru_cache(maxsize=4)
def connect(bucket: str, prefix: str) -> Bucket:
    """Return the connection of this process to a bucket. Make no request."""
    from botocore.client import Config
    from storages.backends.s3boto3 import S3Boto3Storage

    endpoint = next((os.environ[name] for name in ENDPOINTS if os.environ.get(name)), None)
    options: dict[str, Any] = {"connect_timeout": 5, "read_timeout": 30, "max_pool_connections": 16}
    if endpoint is not None:
        # Services of other providers have no host name for each bucket, and older ones refuse the new checksums.
        options["s3"] = {"addressing_style": "path"}
        options["request_checksum_calculation"] = options["response_checksum_validation"] = "when_required"
    retries = {"mode": "standard", "max_attempts": 3}
    # django-storages takes the configuration from the class.
    config = Config(signature_version="s3v4", retries=retries, **options)
    storage = type("Storage", (S3Boto3Storage,), {"config": config})(bucket_name=bucket, location=prefix)
    return Bucket(storage, storage.connection.meta.client)


@contextlib.contextmanager
def translated_errors(name: str) -> Iterator[None]:
    """Raise FileLost for a missing file or upload, NoSpace if the bucket is full, and StoreUnavailable in an outage."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except BotoCoreError as error:
        raise StoreUnavailable(f"the bucket cannot be used ({type(error).__name__})") from error
    except ClientError as error:
        code = _find_code(error)
        if code in _LOST:
            raise FileLost(name) from error
        if code in _FULL:
            raise NoSpace(f"no space for {name}") from error
        if _is_outage(error):
            raise StoreUnavailable(f"the bucket cannot be used ({code})") from error
        raise


def _find_code(error: Any) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _is_outage(error: Any) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or _find_code(error) in _BUSY


class S3Store:
    """The files of a bucket below a prefix: `s3://bucket/prefix`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.bucket, _, prefix = address.removeprefix(SCHEME).partition("/")
        self.prefix = prefix.strip("/")

    @property
    def client(self) -> Any:
        """Return the client of boto3."""
        return connect(self.bucket, self.prefix).client

    def locate(self, name: str) -> dict[str, str]:
        """
        Return the arguments of boto3 for a file. Raise ValueError for a name of another form than `make_name` returns.
        """
        return {"Bucket": self.bucket, "Key": self._make_key(check_name(name))}

    def _make_key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def create(self, name: str, most_bytes: float) -> Writer:
        """Begin a new file, and return its writer. `finish` replaces a file with the same name."""
        return _ObjectWriter(self, check_name(name), most_bytes)

    def read(self, name: str) -> Parts:
        """Return the parts of a complete file, one after the other. Raise FileLost if there is no such file."""
        return self._read(name)

    def read_range(self, name: str, first: int, length: int) -> Parts:
        """Return the parts of at most `length` bytes of a complete file, from the byte `first` on. Raise FileLost."""
        if length > 0:
            return self._read(name, Range=f"bytes={first}-{first + length - 1}")
        if not self.has(name):
            raise FileLost(name)
        return _ObjectReader(name, None)

    def _read(self, name: str, **options: str) -> Parts:
        from botocore.exceptions import ClientError

        try:
            with translated_errors(name):
                return _ObjectReader(name, self.client.get_object(**self.locate(name), **options)["Body"])
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 416:
                return _ObjectReader(name, None)  # the file ends before the range
            raise

    def has(self, name: str) -> bool:
        """Return whether there is a complete file with this name."""
        try:
            with translated_errors(name):
                self.client.head_object(**self.locate(name))
            return True
        except FileLost:
            return False

    def delete(self, name: str) -> bool:
        """Delete a file, complete or not. Return whether there was one."""
        found = self.has(name)
        place = self.locate(name)
        if found:
            with contextlib.suppress(FileLost), translated_errors(name):
                self.client.delete_object(**place)
        for upload in self._find_uploads(place["Key"]):
            with contextlib.suppress(FileLost), translated_errors(name):
                self.client.abort_multipart_upload(**place, UploadId=upload["UploadId"])
            found = True
        return found

    def delete_free(self, name: str) -> bool:
        """Delete a file as `delete` does, because no process locks files in a bucket."""
        return self.delete(name)

    def find(self, kind: str, folders: int | None = None) -> Iterator[Info]:
        """
        Yield the complete files of a kind in `folders` of the 256 folders, and all unfinished files of the kind.

        Without `folders`, yield all complete files. The first folder is chosen at random: see `orphans`. A request
        returns at most 1000 files, and costs money.
        """
        first = random.randrange(256)
        ends = [""] if folders is None else [f"{(first + number) % 256:02x}/" for number in range(folders)]
        for end in ends:
            for page in self._list("list_objects_v2", self._make_key(f"{check_kind(kind)}/{end}")):
                for entry in page.get("Contents", ()):
                    yield from self._describe(entry["Key"], entry["Size"], entry["LastModified"], True)
        for upload in self._find_uploads(self._make_key(f"{kind}/")):
            yield from self._describe(upload["Key"], 0, upload["Initiated"], False)

    def _find_uploads(self, prefix: str) -> Iterator[dict[str, Any]]:
        for page in self._list("list_multipart_uploads", prefix):
            yield from page.get("Uploads", ())

    def _list(self, operation: str, prefix: str) -> Iterator[dict[str, Any]]:
        pages = iter(self.client.get_paginator(operation).paginate(Bucket=self.bucket, Prefix=prefix))
        while True:
            with translated_errors(prefix):
                page = next(pages, None)
            if page is None:
                return
            yield page

    def _describe(self, key: str, size: int, changed_at: Any, is_complete: bool) -> Iterator[Info]:
        name = key.removeprefix(self._make_key(""))
        if is_name(name):
            yield Info(name, size, changed_at, is_complete)

    def make_url(self, name: str, seconds: int, headers: dict[str, str]) -> str:
        """Return an address at which anybody can read a file for `seconds`. The response has these headers."""
        parameters = {f"Response{header.replace('-', '')}": value for header, value in headers.items()}
        return connect(self.bucket, self.prefix).storage.url(check_name(name), parameters, expire=seconds)

    def find_problem(self) -> str | None:
        """Return a sentence for operators about the bucket, or None if this process can read and write its files."""
        if find_spec("boto3") is None or find_spec("storages") is None:
            return MISSING
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

        try:
            self._try_requests()
        except ClientError as error:
            return self._explain(error)
        except NoCredentialsError:
            return "There are no keys for the bucket of CHAT_FILES: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        except (BotoCoreError, ValueError) as error:
            reason = type(error).__name__
            return f"The bucket {self.bucket} cannot be reached ({reason}): correct AWS_ENDPOINT_URL_S3 or the network."
        return None

    def _try_requests(self) -> None:
        from botocore.exceptions import ClientError

        probe = {"Bucket": self.bucket, "Key": self._make_key("doctor")}
        # The answer to a HEAD request has no body that explains an error, so a later request explains it, if it fails
        # too. HEAD comes first: from an explained error, boto3 learns the right region, and hides the wrong setting.
        refused = None
        try:
            self.client.head_object(**probe)
        except ClientError as error:
            refused = None if _find_code(error) in _LOST else error
        self.client.put_object(**probe, Body=b"")
        self.client.get_object(**probe)["Body"].close()
        self.client.delete_object(**probe)
        for operation in (self.client.list_objects_v2, self.client.list_multipart_uploads):
            operation(Bucket=self.bucket, Prefix=probe["Key"])
        if refused is not None:
            raise refused

    def _explain(self, error: Any) -> str:
        code = _find_code(error)
        if code in ("NoSuchBucket", "404", "NotFound"):
            return f"There is no bucket {self.bucket}: create it, or correct CHAT_FILES."
        if code in ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"):
            return (
                f"The service of the bucket {self.bucket} refuses the keys ({code}): correct AWS_ACCESS_KEY_ID and"
                " AWS_SECRET_ACCESS_KEY."
            )
        if code in ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "400"):
            return f"The bucket {self.bucket} is in another region: correct AWS_DEFAULT_REGION."
        if code in _FULL:
            return f"The bucket {self.bucket} is full ({code}): give it more space."
        if _is_outage(error):
            return f"The service of the bucket {self.bucket} does not work ({code}): wait, or look at its logs."
        return (
            f"This process may not do everything in the bucket {self.bucket} ({error.operation_name}: {code}): give its"
            " keys the rights that docs/data.md lists."
        )


class _ObjectReader:
    """The parts of an object. With None as the body, there are no parts."""

    def __init__(self, name: str, body: Any) -> None:
        self._name, self._body = name, body

    def __iter__(self) -> "_ObjectReader":
        return self

    def __next__(self) -> bytes:
        with translated_errors(self._name):
            data = b"" if self._body is None else self._body.read(READ_BYTES)
        if not data:
            self.close()
            raise StopIteration
        return data

    def close(self) -> None:
        """Close the connection before the end of the object."""
        if self._body is not None:
            self._body.close()
            self._body = None


class _ObjectWriter(Writer):
    """
    Sends parts of PART_BYTES while the file is written. A file of one part is sent by `finish`.

    All parts use the same memory. Some services accept only parts of the same size.
    """

    def __init__(self, store: S3Store, name: str, most_bytes: float) -> None:
        super().__init__(name, most_bytes)
        self._store, self._place = store, store.locate(name)
        self._part = bytearray(PART_BYTES)
        self._filled = 0
        self._upload_id: str | None = None
        self._sent: list[dict[str, Any]] = []

    def _write(self, data):
        left = memoryview(data)
        while left:
            count = min(len(left), PART_BYTES - self._filled)
            self._part[self._filled : self._filled + count] = left[:count]
            self._filled, left = self._filled + count, left[count:]
            if self._filled == PART_BYTES:
                self._send_part()
                self._filled = 0

    def _send_part(self) -> None:
        with translated_errors(self.name):
            if self._upload_id is None:
                begun = self._store.client.create_multipart_upload(**self._place, **self._parameters)
                self._upload_id = begun["UploadId"]
            number = len(self._sent) + 1
            place = {**self._place, "UploadId": self._upload_id, "PartNumber": number}
            sent = self._store.client.upload_part(**place, Body=self._part)
            self._sent.append({"ETag": sent["ETag"], "PartNumber": number})

    @property
    def _parameters(self) -> dict[str, Any]:
        return connect(self._store.bucket, self._store.prefix).storage._get_write_parameters(self._place["Key"])

    def finish(self) -> None:
        del self._part[self._filled :]
        if self._upload_id is None:
            with translated_errors(self.name):
                self._store.client.put_object(**self._place, **self._parameters, Body=self._part)
            return
        if self._part:
            self._send_part()
        upload = {"UploadId": self._upload_id, "MultipartUpload": {"Parts": self._sent}}
        with translated_errors(self.name):
            self._store.client.complete_multipart_upload(**self._place, **upload)

    def discard(self) -> None:
        if self._upload_id is not None:
            with contextlib.suppress(FileLost), translated_errors(self.name):
                self._store.client.abort_multipart_upload(**self._place, UploadId=self._upload_id)
        self._store.delete(self.name)
