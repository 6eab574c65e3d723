"""The site on Channels 1.1.8 with channels_transport and Django 2.2."""
