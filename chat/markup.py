"""
From a message's body to HTML that any page may show.

Markdown without HTML (markdown-it-py) and then a sanitiser with a short list of tags (nh3): two walls, because
what comes out is the only HTML that clients put into a page. It knows no rows and no wire.
"""

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

# No images (they would tell the reader's address to a stranger) and no headings (a message is no document).
_MARKDOWN = MarkdownIt("zero", {"html": False, "breaks": True, "linkify": True}).enable(
    ["newline", "escape", "backticks", "emphasis", "strikethrough", "link", "autolink", "entity", "linkify"]
    + ["balance_pairs", "fragments_join", "blockquote", "list", "fence", "code"]
)
# Only what begins with a scheme becomes a link: "see.you" and "readme.md" are words.
_MARKDOWN.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
_CLEANER = nh3.Cleaner(
    tags={"p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"},
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)

# One line of words in which nothing can be markup, a link, or in need of escaping: most of what people write.
_PLAIN = re.compile(r"""[^\W\d_](?:[^\W_]|[ .,;:?!'"()%$=#/+\U0001F300-\U0001FAFF-])*(?<! )""")


# A backlog shows the same bodies to everyone who comes. Most have a few hundred bytes; a thousand of the longest
# would be some 25 MB in a worker.
@lru_cache(maxsize=1000)
def render(body):
    """Returns the safe HTML of `body`; '' for ''."""
    if _PLAIN.fullmatch(body) and "//" not in body:
        # What the two would make of it, in a hundredth of their time.
        return f"<p>{body}</p>"
    return _render_markdown(body)


def _render_markdown(body):
    return _CLEANER.clean(_MARKDOWN.render(body)).strip()
