"""
A site as the documentation of Channels 1.1.8 describes one. It imports nothing of `channels_transport`.

Its own tests are in `documented/`. `test_plain_site.py` runs them twice: on Channels alone, and on the transport.
"""
