"""
The admin: operators read and change the site's rows. One module for each theme registers its pages.

It must not write rows itself, except the rights of people. The services write, so that every open tab gets the change.
"""

from chat.admin import moderation, operators, people, rooms

__all__ = ["moderation", "operators", "people", "rooms"]
