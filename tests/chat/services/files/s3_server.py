"""A server with the interface of S3, which the tests of buckets start: moto, which checks the signatures."""

import contextlib
import logging
import os
from unittest import mock

import boto3
import requests
from moto.server import ThreadedMotoServer

from chat.services.files import s3

BUCKET = "chat-files"


@contextlib.contextmanager
def run_server():
    """Run a server within a `with` block. It has one bucket, and one user with all rights, whose keys boto3 finds."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    variables = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1"}
    try:
        with mock.patch.dict(os.environ, {**variables, **_make_keys(url, variables)}):
            boto3.client("s3").create_bucket(Bucket=BUCKET)
            _allow_unchecked(url, 0)
            s3.connect.cache_clear()
            yield url
    finally:
        s3.connect.cache_clear()
        server.stop()


@contextlib.contextmanager
def without_checks(url):
    """Let the server check no keys and no rights within a `with` block."""
    _allow_unchecked(url, 1000)
    yield
    _allow_unchecked(url, 0)


def _allow_unchecked(url, count):
    """Let the server check the keys and the rights only after this number of requests."""
    requests.post(f"{url}/moto-api/reset-auth", str(count), timeout=10).raise_for_status()


def _make_keys(url, variables):
    first = {"AWS_ACCESS_KEY_ID": "first", "AWS_SECRET_ACCESS_KEY": "first"}
    with mock.patch.dict(os.environ, {**variables, **first}):
        users = boto3.client("iam")
        users.create_user(UserName="chat")
        policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
        users.put_user_policy(UserName="chat", PolicyName="all", PolicyDocument=policy)
        key = users.create_access_key(UserName="chat")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
