"""How fast it is: a load generator, and the sites that it is pointed at."""
