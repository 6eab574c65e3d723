"""Django's PostgreSQL backend for psycopg2 2.9, which has wheels for this Python."""
