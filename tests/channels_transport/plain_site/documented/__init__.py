"""
Tests of what the documentation of Channels 1.1.8 says, written with Channels' own test tools, as a site writes them.

Django's test runner runs them, in a process of their own: see `tests/channels_transport/test_plain_site.py`.
"""
