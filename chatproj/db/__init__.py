"""Django 2.2's database backends, each with the few changes that this server needs."""
