"""
The admin: operators read and change the site's rows. One module for each theme registers its pages.

These modules must not write rows themselves. The services write the rows, so that every open tab gets the change. Only
the module `people` writes rows: the rights of people, whether a person is active, and the groups of rights.
"""

from chat.admin import entry, limits, moderation, names, operators, people, rooms, security, sign_in

__all__ = ["entry", "limits", "moderation", "names", "operators", "people", "rooms", "security", "sign_in"]
