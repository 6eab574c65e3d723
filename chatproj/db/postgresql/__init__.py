"""Django's PostgreSQL backend, with the psycopg2 that has wheels for this Python."""
