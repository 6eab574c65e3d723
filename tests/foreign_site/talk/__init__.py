"""The application of the site: rooms in which everybody talks."""
