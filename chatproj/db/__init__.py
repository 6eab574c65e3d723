"""Django 2.2's database backends, each with the few lines that this server needs; nothing of the chat."""
