"""Links: a typed address becomes a link without the text around it, and every link has a valid target."""

import html
import re
from urllib.parse import unquote

import pytest

from chat.markup import render

pytestmark = pytest.mark.no_database

LINKED = re.compile(r'<a href="([^"]+)"[^>]*>(.*?)</a>')


def check_links(body, *addresses):
    """Check that exactly `addresses` are links in `body`, that their text is as typed, and that no text is lost."""
    rendered = render(body)
    assert [html.unescape(text) for _, text in LINKED.findall(rendered)] == list(addresses), rendered
    assert rendered.count("<a ") == len(addresses)
    assert html.unescape(re.sub("<[^>]*>", "", rendered)) == re.sub(r"\*\*|~~", "", body)


@pytest.mark.parametrize(
    "body",
    [
        "見て「{}」ください",
        "見て{}ください",
        "見て{}を見て",
        "请看{}。谢谢",
        "请看{}，谢谢",
        "请看（{}）",
        "《{}》",
        "【{}】",
        "『{}』、",
        "여기{}에서",
        "ดู{}ครับ",
        "“{}”",
        "„{}“",
        "«{}»",
        "‹{}›",
        "‘{}’",
        '"{}"',
        "'{}'",
        "({})",
        "[{}]",
        "{{{}}}",
        "{}.",
        "{}, and",
        "{}; and",
        "{}!?",
        "{}…",
        "{}: this",
        "{}—so",
        "{}–so",
        "{}’s",
        "{}🎉",
        "🎉{}",
        "**{}**",
        "~~{}~~",
        "これ**{}**です",
        "**see {}**",
        "\u200f{}\u200f",
        "עיין {}, תודה",
        "(see {}).",
        "a|{}|b",
        "{}\u3000次",
        "{}\xa0next",
    ],
)
@pytest.mark.parametrize("address", ["https://example.org/a", "http://example.org", "https://example.org/?q=a"])
def test_an_address_ends_before_the_sentence_around_it(body, address):
    check_links(body.format(address), address)


@pytest.mark.parametrize(
    "body, address",
    [
        ("*https://a.example/b*", "https://a.example/b"),
        ("_https://a.example/b_c_", "https://a.example/b_c"),
        ("_see https://a.example/b_", "https://a.example/b"),
    ],
)
def test_emphasis_around_an_address_is_no_part_of_it(body, address):
    assert re.fullmatch(rf'<p><em>(see )?<a href="{address}"[^>]*>{address}</a></em></p>', render(body))


@pytest.mark.parametrize(
    "address",
    [
        "https://de.wikipedia.org/wiki/Übung",
        "https://ja.wikipedia.org/wiki/東京",
        "https://ja.wikipedia.org/wiki/東京2020オリンピック",
        "https://ja.wikipedia.org/wiki/東京#歴史",
        "https://ja.wikipedia.org/wiki/Wikipedia:井戸端",
        "https://zh.wikipedia.org/wiki/Foo_(消歧义)",
        "https://ko.wikipedia.org/wiki/서울",
        "https://th.wikipedia.org/wiki/กรุงเทพมหานคร",
        "https://hi.wikipedia.org/wiki/हिन्दी",
        "https://ru.wikipedia.org/wiki/Москва",
        "https://he.wikipedia.org/wiki/ירושלים",
        "https://ar.wikipedia.org/wiki/القاهرة",
        "https://vi.wikipedia.org/wiki/Hà_Nội",
        "https://example.org/?q=東京&lang=ja",
        "https://例え.jp/",
        "https://例え.jp/日本語",
        "https://www.例え.jp",
        "https://münchen.example/straße",
        "https://пример.рф/путь",
        "https://en.wikipedia.org/wiki/Foo_(bar)",
        "https://en.wikipedia.org/wiki/C%2B%2B",
        "http://localhost:8000/a",
        "http://127.0.0.1/",
        "http://[::1]:8000/",
        "HTTPS://EXAMPLE.ORG/A",
        "https://web.archive.org/web/2020*/http://example.org/",
        "https://example.org/a_b_c/__init__.py",
        "https://example.org/~ann/@bob/a,b;c=1",
    ],
)
def test_a_whole_address_is_a_link(address):
    check_links(address, address)
    check_links(f"「{address}」", address)
    check_links(f"see ({address}), or", address)
    if "例" not in address and "münchen" not in address and "пример" not in address:
        assert unquote(html.unescape(LINKED.search(render(address))[1])).lower() == unquote(address).lower()


@pytest.mark.parametrize(
    "body, address",
    [
        ("https://example.org/を見て", "https://example.org/"),
        ("https://example.org/docs/を見て", "https://example.org/docs/"),
        ("https://example.orgを見て", "https://example.org"),
        ("https://日本語.jpを見て", "https://日本語.jp"),
        ("https://example.org/a.html请看", "https://example.org/a.html"),
        ("https://example.org/a,请看", "https://example.org/a"),
        ("https://example.org/a?我觉得", "https://example.org/a"),
        ("https://example.org/a(参考)", "https://example.org/a"),
        ("https://example.org/wiki/東京、大阪", "https://example.org/wiki/東京"),
        ("https://example.org/wiki/%E6%9D%B1です", "https://example.org/wiki/%E6%9D%B1"),
    ],
)
def test_an_address_ends_where_text_without_spaces_continues(body, address):
    check_links(body, address)


def test_two_addresses_without_a_space_are_two_links():
    check_links("https://a.example,https://b.example", "https://a.example", "https://b.example")
    check_links("https://a.example、https://b.example/c", "https://a.example", "https://b.example/c")


@pytest.mark.parametrize(
    "body",
    [
        "ftp://example.org/f",
        "<ftp://example.org/f>",
        "[x](ftp://example.org/f)",
        "[x](/admin/)",
        "[x](readme.md)",
        "[x](#top)",
        "[x](//example.org)",
        "[x]()",
        "[x](<>)",
        "[x](http://)",
        "[x](https:example.org)",
        "[x](mailto:)",
        "<tel:123>",
        "<irc://a.example/b>",
        "<mailto:>",
        "file:///etc/passwd",
        "ssh://a.example",
        "xhttps://example.org",
        "http://",
        "https://",
        "http://.",
        "https:///a",
        "http://?",
        "http://a.example:99999/",
        "http://999.999.999.999/",
        "https://bank.example@trap.example/",
        "https://ann:secret@a.example/",
        "[x](https://bank.example@trap.example/)",
    ],
)
def test_an_address_that_cannot_be_a_link_is_text(body):
    check_links(body)


@pytest.mark.parametrize("body", ["", "[text]({})", "a [text]({}) b", "> [text]({})", "- [text]({})", "**[text]({})**"])
@pytest.mark.parametrize("address", ["https://a.example", "http://a.example/b?c=d#e", "mailto:a@b.example"])
def test_a_named_link_leads_to_its_address(body, address):
    rendered = render(body.format(address))
    assert LINKED.findall(rendered) == ([(address, "text")] if body else [])


def test_a_link_that_would_hide_text_is_shown_as_typed():
    check_links('[x](https://a.example "a title")', "https://a.example")
    check_links("hi [](https://a.example) you", "https://a.example")
    assert render("[<https://a.example>](https://a.example/b)").count("<a ") == 1


@pytest.mark.parametrize(
    "text",
    [
        "https://bank.example",
        "HTTPS://Bank.Example/login",
        "http://bank.example:8080/a",
        "ftp://bank.example",
        "see https://bank.example now",
        "**https://bank.example**",
        "`https://bank.example`",
        "https://bank\u200b.example",
        "https://ｂａｎｋ.example",
        "https://bank。example",
        "www.bank.example",
        "go to www.bank.example",
        "bank.example",
        "bank.example/login",
        "bank.example:443",
        "me@bank.example",
        "https://trap.example.bank.example",
        "https://trap.example@bank.example",
        "https://example",
        "https://münchen.example",
    ],
)
@pytest.mark.parametrize(
    "target", ["https://trap.example", "https://trap.example/bank.example", "<https://trap.example/a>"]
)
def test_a_link_whose_text_is_the_address_of_another_host_is_shown_as_typed(text, target):
    rendered = render(f"a [{text}]({target}) b")
    shown = html.unescape(re.sub("<[^>]*>", "", rendered))
    assert "](" in shown and target.strip("<>") in shown, rendered
    # Each link that remains shows its own address.
    for href, link_text in LINKED.findall(rendered):
        host = "xn--mnchen-3ya" if "münchen" in link_text else link_text.lower()
        assert html.unescape(host) in unquote(html.unescape(href)).lower() + "/", rendered


def test_a_mail_link_whose_text_is_another_address_is_shown_as_typed():
    assert "<a" not in render("[me@bank.example](mailto:me@trap.example)")
    assert 'href="mailto:me@bank.example"' in render("[me@bank.example](mailto:me@bank.example)")


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("https://a.example", "https://a.example"),
        ("https://a.example/long/path", "https://a.example/short"),
        ("https://www.a.example", "https://a.example/"),
        ("a.example", "https://www.a.example/b"),
        ("a.example", "https://docs.a.example/b"),
        ("A.example", "http://a.EXAMPLE:8080/b"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("https://xn--mnchen-3ya.example/", "https://münchen.example/"),
        ("readme.md", "https://host.example/readme.md"),
        ("node.js", "https://nodejs.example"),
        ("report.pdf", "https://host.example/1"),
        ("version 1.2", "https://host.example/1"),
        ("1.2.3", "https://host.example/1"),
        ("see.you at ten", "https://host.example/1"),
        ("e.g", "https://host.example/1"),
        ("the bank", "https://host.example/1"),
        ("Why?", "mailto:me@host.example"),
    ],
)
def test_a_link_whose_text_names_no_other_host_is_a_link(text, target):
    rendered = render(f"[{text}]({target})")
    assert [html.unescape(shown) for _, shown in LINKED.findall(rendered)] == [text], rendered
