"""The parts that valid inputs of each kind consist of, one on each line. Escapes are those of Python's bytes."""


def read_tokens(lines: str) -> tuple[bytes, ...]:
    """Return the tokens of a text. The text is read as UTF-8."""
    return tuple(line.encode().decode("unicode_escape").encode("latin1") for line in lines.split("\n") if line)


FRAME_FIELDS = read_tokens(r"""
"body": "
"id": 1
"on": true
"cursor": 0
"limit": 5
"before": 2
"around": 2
"reply_to": 1
"emoji": "👍"
"at": "2030-01-31T12:00:00Z"
"offset": 3
"task": "export"
"params": {}
"handle": "Bob"
"room": "garden"
null
1e999
\\u0000
\\ud800
}
,\x20
[
]
{
-1
9007199254740992
"\xe2\x80\x8b"
""")

MARKDOWN = read_tokens(r"""
**
*
_
~~
`
```\n
>\x20
-\x20
1.\x20
#\x20
| a | b |\n|---|---|\n
[x](
https://a.example/
mailto:
javascript:
![
](
<script>
&lt;
&#x6a;
@Bob
\\
\x20\x20\x20\x20
\n\n
\xe2\x80\xae
😀
- [ ]\x20
"onclick=
""")

QUERY = read_tokens(r"""
from:
in:
has:link
before:2026-01-01
after:"2026-01-01T00:00:00Z"
"
*
garden
Bob
\x20OR\x20
NEAR(
^
-
§
\n
author=Bob
room=garden
東京
""")

HTTP = read_tokens(r"""
GET / HTTP/1.1\r\n
POST\x20
PATCH\x20
HTTP/1.0\r\n
Host: testserver\r\n
\r\n
\r\n\r\n
Content-Length: 2\r\n
Transfer-Encoding: chunked\r\n
Upgrade: websocket\r\n
Connection: Upgrade\r\n
Sec-WebSocket-Version: 13\r\n
Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n
Cookie: sessionid=
Origin: http://testserver\r\n
Expect: 100-continue\r\n
%00
%2e
\x1c
\x85
0\r\n\r\n
Sec-WebSocket-Protocol: a, b\r\n
Daphne-Root-Path: /x\r\n
http://other/
X_Y: z\r\n
?session_key=
""")

SITE = read_tokens(r"""
Content-Type: application/json\r\n
/api/rooms/garden/
messages/
/api/search/?q=
/api/profile/
/chat/garden/?cursor=
Accept: application/json\r\n
Content-Type: multipart/form-data; boundary=b\r\n
/sign-in/
/settings/
/me/
&
{}
%ff
""")

WEBSOCKET = read_tokens(r"""
\x81\x80\x00\x00\x00\x00
\x01\x81\x00\x00\x00\x00a
\x80\x81\x00\x00\x00\x00b
\x82\x81\x00\x00\x00\x00\xff
\x89\x80\x00\x00\x00\x00
\x88\x82\x00\x00\x00\x00\x03\xe8
\x81\xfe\x01\x00\x00\x00\x00\x00
\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00
\x8a\x80\x00\x00\x00\x00
\x81\x83\x00\x00\x00\x00\xe2\x82\xac
\xc1\x80\x00\x00\x00\x00
\x83\x80\x00\x00\x00\x00
""")

HEADERS = read_tokens(r"""
gzip;q=0.5
identity;q=0
*
br
,
;
sessionid=
"\\000"
browser=
de-DE;q=0.1
application/json
Bearer\x20
csrftoken=
\n
[2001:db8::1]:80
192.0.2.1:4711
::ffff:1.2.3.4
http://a/b
https
nan
\\
\xff
=?utf-8?q?
""")

PAYLOAD = read_tokens(r"""
{"text": "
{"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "
{"attachments": [{"color": "danger", "title": "a", "title_link": "https://a.example", "text": "
"fields": [{"title": "a", "value": "
{"type": "rich_text", "elements": [
"username": "
"icon_emoji": ":tada:"
<https://a.example|
<!channel>
&lt;
*
~
```
"}]}
""")
FORM = read_tokens(r"""
multipart/form-data; boundary=b\n
--b\r\n
Content-Disposition: form-data; name="a"\r\n\r\n
--b--\r\n
; filename="x.png"
Content-Transfer-Encoding: base64\r\n
charset=utf-7
filename*=UTF-8''%e2%82%ac
application/x-www-form-urlencoded\n
a=b&c=%ff
; charset=rot13
Content-Type: text/plain; charset=x\r\n
""")

IDS = read_tokens(r"""
0
9
-
@
👍
\xe2\x80\x8b
\xef\xb8\x8f
\xcc\x81
\xe2\x80\xae
00000000-0000-4000-8000-000000000000
""")

MOMENTS = read_tokens(r"""
2026-11-20
T09:30:00Z
9999-12-31
0001-01-01
\nEurope/Berlin
\nPacific/Apia
.123456Z
\nAmerica/St_Johns
24:00
02-29
\nAfrica/Monrovia
T00:00Z
""")

ITEMS = read_tokens(r"""
M9999999999999
T9999999999999
G9999999999999
E9999999999999
\x00
0000000000000001
?\x00
\x81\xa4text\xa0
\xc0
\x9f
\xdf\xff\xff\xff\xff
{}
[
{"a": 1}
,
""")

IMAGES = read_tokens(r"""
\x89PNG\x0d\x0a\x1a\x0a
IHDR
IDAT
GIF89a
RIFF
WEBPVP8\x20
\xff\xd8\xff\xe0
\xff\xda
Exif\x00\x00
\xff\xff\xff\x7f
\x00\x00\x00\x01
acTL
iCCP
VP8X
ANIM
!\xf9\x04
\xff\xe2ICC_PROFILE\x00
""")

PAGES = read_tokens(r"""
<html><head>
<title>
</title>
<meta property="og:title" content="
<meta name=description content='
<meta property="og:image" content="//a/b.png">
<meta charset="shift_jis">
<!--
-->
<script>
</script>
</head>
<body>
"
>
&amp;
&#0;
&#xd800;
\xef\xbb\xbf
\xff\xfe
\xe2\x80\xae
""")

COMMANDS = read_tokens(r"""
in\x20
20
 minutes
h30
 and\x20
at\x20
9:30
pm
tomorrow
 friday
next week
2026-12-01
T09:00
1st of\x20
 december
, 2027
noon
"
“
”
\n-\x20
\\"
--multiple
—anonymous
--until\x20
""")

SLACK = read_tokens(r"""
[{"type": "message", "user": "U1", "ts": "1551430000.000100", "text": "
"subtype": "bot_message"
"thread_ts": "1551430000.000100"
"edited": {"ts": "1551430001.0"}
"reactions": [{"name": "+1::skin-tone-2", "users": ["U1"]}]
"files": [{"name": "a", "permalink": "https://a.example"}]
"attachments": [{"title": "t", "text": "x", "fields": [{}]}]
"blocks": [{"text": {"text": "a"}}]
<@U1|a>
<#C1>
<!here>
<https://a.example|a>
&lt;
```
*a*
~a~
>>>
:tada:
"}]
\\ud800
\\u0000
null
{}
[]
-1
1e999
""")

MATTERMOST = read_tokens(r"""
{"type": "post", "post": {"team": "t", "channel": "general", "user": "a", "create_at": 1, "message": "
"}}\n
{"type": "direct_post", "direct_post": {"channel_members": ["a", "b"], "user": "a", "create_at": 2, "message": "
{"type": "user", "user": {"username": "a", "teams": [{"name": "t", "channels": [{"name": "general"}]}]}}\n
"edit_at": 5
"replies": [{"user": "b", "create_at": 3, "message": ""}]
"reactions": [{"user": "a", "emoji_name": "+1"}]
"attachments": [{"path": "a/b"}]
"props": {"attachments": [{"text": "x"}]}
"type": "system_join_channel"
@a
~general
@channel
:tada:
\\ud800
null
-1
[]
{}
""")

TRANSCRIPT = read_tokens(r"""
{"room":{"slug":"garden","name":"G"},"offset":9,"messages":[\n
{"id":1,"offset":1,"author":{"handle":"Alice"},"body":"@Alice","at":"2026-11-20T09:30:00.000Z"
"edited_at":"2026-11-20T09:30:00.000Z"
"removed":true
"reactions":{"\xf0\x9f\x91\x8d":["Bob"]}
"guests":["Bob"]
"reply_to":1
},\n
\n]}\n
null
-1
""")
