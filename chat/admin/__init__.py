"""
The admin: operators read and change the site's rows. One module for each theme registers its pages.

These modules must not write rows themselves, except the rights of people. The services write the rows, so that every
open tab gets the change.
"""

from chat.admin import moderation, names, operators, people, rooms, sign_in

__all__ = ["moderation", "names", "operators", "people", "rooms", "sign_in"]
