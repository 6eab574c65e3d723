"""
The servers with the interface of S3 that the tests of buckets start: moto in this process, and a real Swift.

Both check the signatures. Each has one bucket, and a user with all rights, whose keys boto3 finds.
"""

import contextlib
import json
import logging
import os
from collections.abc import Callable
from typing import NamedTuple
from unittest import mock

import boto3
import requests
from moto.server import ThreadedMotoServer

from chat.services.files import s3

BUCKET = "chat-files"


class Server(NamedTuple):
    """
    A running server. `limited_keys` are the keys of a user with too few rights: the first refused request of this user
    fails with `refusal`.

    Within the block `without_checks()`, a server that cannot check a signature in an address accepts it.
    """

    limited_keys: dict[str, str]
    refusal: str
    without_checks: Callable = contextlib.nullcontext


@contextlib.contextmanager
def run_moto():
    """Run moto within a `with` block. It cannot check a signature in an address."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    variables = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1"}
    try:
        keys, limited_keys = _make_keys(variables)
        with _variables({**variables, **keys}):
            boto3.client("s3").create_bucket(Bucket=BUCKET)
            _allow_unchecked(url, 0)
            yield Server(limited_keys, "GetObject: AccessDenied", lambda: _without_checks(url))
    finally:
        server.stop()


@contextlib.contextmanager
def use_swift(swift):
    """Let boto3 find a Swift within a `with` block."""
    swift.make_bucket(BUCKET)
    with _variables({**swift.variables, **swift.keys}):
        yield Server(swift.powerless_keys, "PutObject: AccessDenied")


@contextlib.contextmanager
def _variables(variables):
    """Within a `with` block, set the variables that boto3 reads. Forget open connections at both ends of the block."""
    with mock.patch.dict(os.environ, variables):
        s3.connect.cache_clear()
        try:
            yield
        finally:
            s3.connect.cache_clear()


@contextlib.contextmanager
def _without_checks(url):
    _allow_unchecked(url, 1000)
    yield
    _allow_unchecked(url, 0)


def _allow_unchecked(url, count):
    """Let the server check the keys and the rights only after this number of requests."""
    requests.post(f"{url}/moto-api/reset-auth", str(count), timeout=10).raise_for_status()


def _make_keys(variables):
    """Return the keys of a user with all rights, and those of a user who may only write and delete."""
    first = {"AWS_ACCESS_KEY_ID": "first", "AWS_SECRET_ACCESS_KEY": "first"}
    with mock.patch.dict(os.environ, {**variables, **first}):
        users = boto3.client("iam")
        return [_make_user(users, "chat", "*"), _make_user(users, "writer", "s3:PutObject", "s3:DeleteObject")]


def _make_user(users, name, *actions):
    users.create_user(UserName=name)
    allowed = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    users.put_user_policy(UserName=name, PolicyName="some", PolicyDocument=policy)
    key = users.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
