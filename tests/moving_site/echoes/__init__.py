"""The application of the site: it stores and confirms what its clients send."""
