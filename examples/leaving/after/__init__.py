"""The site on Channels 4 with channels_redis, Daphne 4 and Django 5.2."""
