"""
Rendering: turn the body of a message into safe HTML.

A Markdown parser with HTML switched off (markdown-it-py) is followed by a sanitiser with a short list of tags (nh3).
There are two barriers, because this is the only HTML that clients insert into a page. The module knows no rows and no
events.
"""

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

# Images are off, because loading one reveals the reader's address to its server. Headings are off too.
_MARKDOWN = MarkdownIt("zero", {"html": False, "breaks": True, "linkify": True}).enable(
    ["newline", "escape", "backticks", "emphasis", "strikethrough", "link", "autolink", "entity", "linkify"]
    + ["balance_pairs", "fragments_join", "blockquote", "list", "fence", "code"]
)
assert _MARKDOWN.linkify is not None, "linkify-it-py is installed"
# Only an address with a scheme becomes a link: "see.you" and "readme.md" are words.
_MARKDOWN.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
_CLEANER = nh3.Cleaner(
    tags={"p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"},
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)

# One line of words without anything that can be markup or a link, or needs escaping: most messages.
_PLAIN = re.compile(r"""[^\W\d_](?:[^\W_]|[ .,;:?!'"()%$=#/+\U0001F300-\U0001FAFF-])*(?<! )""")


# Backlogs contain the same bodies for everybody who connects. Most bodies have a few hundred bytes; a thousand of the
# longest would take about 25 MB in a worker.
@lru_cache(maxsize=1000)
def render(body: str) -> str:
    """Return the safe HTML of `body`; '' for ''."""
    if _PLAIN.fullmatch(body) and "//" not in body:
        # The same result as below, in a hundredth of the time.
        return f"<p>{body}</p>"
    return _render_markdown(body)


def _render_markdown(body):
    return _CLEANER.clean(_MARKDOWN.render(body)).strip()
