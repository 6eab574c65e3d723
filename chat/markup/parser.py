"""The parser: markdown-it-py with the rules of a chat in place of some of CommonMark's."""

from markdown_it import MarkdownIt

from . import blocks, emphasis, escapes, links, lists, tables

_BLOCKS = ["table", "code", "fence", "blockquote", "list", "heading"]
# The rule "entity" is off: people who type "&nbsp;" or "&copy;" want to show exactly this text.
_INLINE = ["newline", "escape", "backticks", "strikethrough", "emphasis", "link", "linkify", "autolink"]


def make_parser() -> MarkdownIt:
    """Return a parser of bodies. It uses the rules of this package, allows no HTML or images, and keeps line breaks."""
    parser = MarkdownIt("zero", {"html": False, "breaks": True})
    _replace_blocks(parser.block.ruler)
    _replace_inline(parser.inline)
    parser.core.ruler.before("inline", "numbers", lists.number_items)
    parser.core.ruler.before("inline", "tasks", lists.mark_tasks)
    parser.core.ruler.push("headings", blocks.embolden_headings)
    parser.validateLink = links.is_followable  # type: ignore[method-assign]  # markdown-it documents it as replaceable
    parser.normalizeLinkText = str  # type: ignore[method-assign, assignment]  # an address is shown as typed
    return parser.enable([*_BLOCKS, *_INLINE, "balance_pairs", "fragments_join"])


def _replace_blocks(ruler):
    # "alt" names the blocks that a block of this kind may end.
    everywhere = {"alt": ["paragraph", "blockquote", "list"]}
    ruler.at("table", tables.table, {"alt": ["paragraph"]})
    ruler.at("fence", blocks.fence, everywhere)
    ruler.at("blockquote", blocks.quote, everywhere)
    ruler.at("list", lists.items, {"alt": ["paragraph", "blockquote"]})
    ruler.at("heading", blocks.heading, {"alt": ["paragraph", "blockquote"]})
    ruler.at("paragraph", blocks.paragraph)
    ruler.before("list", "no_item", lists.ends_list, {"alt": ["list"]})


def _replace_inline(inline):
    inline.ruler.at("linkify", links.address)
    inline.ruler.at("link", links.named_link)
    inline.ruler.at("autolink", links.address_in_brackets)
    inline.ruler.at("escape", escapes.backslash)
    inline.ruler.at("backticks", escapes.code)
    inline.ruler.at("emphasis", emphasis.emphasis)
    inline.ruler.at("strikethrough", emphasis.strikethrough)
    inline.ruler2.after("balance_pairs", "words", emphasis.require_words)
