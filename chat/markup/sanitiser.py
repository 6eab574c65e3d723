"""The sanitiser: the list of tags and attributes that may reach a page. Everything else is removed."""

import nh3

from .blocks import LANGUAGES

# Images are not allowed, because loading an image tells its server the reader's IP address. The docstring of `blocks`
# says why headings are not allowed.
_CLEANER = nh3.Cleaner(
    tags={"p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
    | {"table", "thead", "tbody", "tr", "th", "td"},
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}, "li": {"value"}},
    allowed_classes={"code": {f"language-{name}" for name in LANGUAGES}},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)


def sanitise(html: str) -> str:
    """
    Return `html` without the tags, attributes and addresses that are not on the list.

    Add `rel` and `target` to each link, so that it opens in a new tab and sends no referrer.
    """
    return _CLEANER.clean(html)
