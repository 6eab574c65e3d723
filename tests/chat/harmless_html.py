"""The check that the HTML of a body contains only the tags and attributes that may reach a page."""

import re

from chat.markup.blocks import LANGUAGES

LINK = 'target="_blank" rel="noopener noreferrer nofollow"'


def check_harmless(html):
    for tag in re.findall(r"<[^>]*>", html):
        assert re.fullmatch(
            r"</?(p|br|em|strong|s|code|pre|blockquote|ul|ol|li|a|table|thead|tbody|tr|th|td)>"
            rf'|<code class="language-({"|".join(map(re.escape, LANGUAGES))})">'
            r'|<ol start="\d+">'
            r'|<li value="\d+">'
            rf'|<a href="(https?://|mailto:)[^"<>]*" {LINK}>',
            tag,
            re.IGNORECASE,
        ), tag
