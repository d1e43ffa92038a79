"""Mails: their text, their attachments by name, and what is part of the text."""

from __future__ import annotations

import base64
import email.message

import pytest
from archive_files import DATA, TEXT, read


def make_mail(**headers: str) -> email.message.EmailMessage:
    mail = email.message.EmailMessage()
    mail["From"], mail["To"] = "a@example.org", "b@example.org"
    mail["Subject"] = "关于征集采购需求的通知"
    for name, value in headers.items():
        mail[name] = value
    return mail


def test_mail_with_its_text_and_attachments() -> None:
    mail = make_mail()
    mail.set_content(TEXT)
    mail.add_alternative(f"<p>{TEXT}</p>", subtype="html")
    mail.add_attachment(DATA, maintype="application", subtype="octet-stream", filename="需求.txt")
    inner = make_mail()
    inner.set_content("请各单位按时报送材料。")
    mail.add_attachment(inner)
    assert read(mail.as_bytes()) == {
        "正文.html": f"关于征集采购需求的通知\n{TEXT}",
        "需求.txt": TEXT,
        "关于征集采购需求的通知.eml/正文.txt": "关于征集采购需求的通知\n请各单位按时报送材料。",
    }


@pytest.mark.parametrize(
    "parameter",
    [
        '; filename="=?GBK?B?{base64}?="',
        "; filename*=gb2312''{percent}",
        "; filename*0*=GBK''{percent_first}; filename*1*={percent_rest}",
        '; filename="{raw}"',
    ],
)
def test_attachment_names_in_gbk(parameter: str) -> None:
    raw = "采购需求（終稿）.txt".encode("gbk")
    percent = [f"%{byte:02X}" for byte in raw]
    value = parameter.format(
        base64=base64.b64encode(raw).decode(),
        percent="".join(percent),
        percent_first="".join(percent[:7]),
        percent_rest="".join(percent[7:]),
        raw="{raw}",
    )
    body = "支持在线查询进度。".encode("gb18030")
    lines = [
        b"From: a@example.org",
        b"Date: Mon, 23 Nov 2026 10:00:00 +0800",
        b"Subject: =?gb2312?B?" + base64.b64encode("采购通知".encode("gbk")) + b"?=",
        b'Content-Type: multipart/mixed; boundary="=_x"',
        b"",
        b"--=_x",
        b"Content-Type: text/plain; charset=gb2312",
        b"Content-Transfer-Encoding: 8bit",
        b"",
        body,
        b"--=_x",
        b"Content-Type: application/octet-stream",
        b"Content-Disposition: attachment" + value.encode().replace(b"{raw}", raw),
        b"Content-Transfer-Encoding: base64",
        b"",
        base64.b64encode(DATA),
        b"--=_x--",
    ]
    assert read(b"\r\n".join(lines)) == {
        "正文.txt": "采购通知\n支持在线查询进度。",
        "采购需求（終稿）.txt": TEXT,
    }


def test_pictures_within_a_mail_are_part_of_it_and_locked_mail_is_said_to_be() -> None:
    mail = make_mail()
    mail.set_content(f"<p>{TEXT}<img src='cid:x'></p>", subtype="html")
    mail.add_related(b"\x89PNG\r\n", maintype="image", subtype="png", cid="<x>")
    assert list(read(mail.as_bytes())) == ["正文.html"]
    locked = make_mail(**{"Content-Type": "application/pkcs7-mime; name=smime.p7m"})
    locked.set_payload("AAAA")
    assert read(locked.as_bytes()) == {"smime.p7m": "encrypted"}


def test_a_saved_web_page_is_no_mail() -> None:
    page = (
        b"From: <Saved by Blink>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; boundary="b"\r\n\r\n--b--\r\n'
    )
    assert list(read(page)) == [""]
