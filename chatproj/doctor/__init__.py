"""
Is this site well? Looks at each part as its users do, and says of what is not well what to do about it.

It asks and changes nothing, ends in bounded time whatever is broken, and raises nothing. It knows the site by its
settings, its channels and its address; it knows no chat.
"""

from .examination import examine
from .findings import Finding

__all__ = ["Finding", "examine"]
