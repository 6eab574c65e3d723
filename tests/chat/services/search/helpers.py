"""Helpers for the tests of the search: post, index, and find."""

import itertools

from chat.protocol import Post
from chat.services import rooms, search

_refs = itertools.count(1)


def post(member, body):
    """Post a message and return its id."""
    return rooms.post_message(member, Post(f"search-{next(_refs)}", body)).ack["id"]


def find(person, text="", page=0, **fields):
    """Index all changes, and return the bodies that a search finds, the newest first."""
    search.index_changes()
    return find_indexed(person, text, page, **fields)


def find_indexed(person, text="", page=0, **fields):
    """Return the bodies that a search finds, the newest first, without indexing changes before it."""
    results, _ = search.search(person, search.read_query(text, fields), page)
    return [result.message["body"] for result in results]


def find_snippet(person, text):
    """Index all changes, and return the snippet of the only message that a search finds."""
    search.index_changes()
    [result] = search.search(person, search.read_query(text, {}))[0]
    return result.snippet
