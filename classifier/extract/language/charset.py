"""Decode bytes of Chinese text whose encoding nobody wrote down.

General detectors need a few hundred characters to tell GB18030 from Big5. Here each
encoding that can decode the bytes is tried and the most plausible text wins: common
characters count for it, characters that hardly anyone writes count against it.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from classifier.errors import ExtractionError, Reason

_SAMPLE: Final = 20_000
_MAX_DAMAGE: Final = 0.02
"""Share of undecodable characters up to which a text still counts as of that encoding."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
# Browsers read a page that says gb2312 as GB18030, and so on: https://encoding.spec.whatwg.org
_ALIASES: Final = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "iso-8859-1": "cp1252",
}

# The commonest characters of written Chinese and of tenders, simplified then traditional.
_COMMON: Final = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面"
    "而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把"
    "性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质"
    "气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活"
    "设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则"
    "任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美"
    "再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元"
    "况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委"
    "素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江"
    "型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严"
    "投购招采项户录登员系统功能务评审审批考核监督检测试验签订供应商付款金额预算财税服询磋谈判竞争性响甲乙双"
    "络据库网页面码密权限屏视频智慧校园医院患者教师课堂班考勤打卡假请销派遣保洁餐饮食堂绩奖惩罚违约责赔偿隐"
    "私用户体验便捷简化提醒推荐协助帮助导航反馈意见建议投诉满足灵活友好共享培训推广试点系附则章节款第"
    "這個為來們時說產種後經進著電裡過動會對從業應開還義樣與關線數質氣變條沒結問軍題黨員總設長頭資邊級圖統"
    "較將組見計別論運農幾區強決幹戰則據處隊給門規熱領東導壓爭濟階術極聯認權證轉單風帶場車務萬達積議聲報鬥"
    "類離華確張馬節話況傳許廣記須際驗連斷難礦備辦習響約勞團歷構稱準號維劃選標寫親養層專狀廠識適屬圓滿縣參"
    "紅細聽該鐵價嚴購項錄監測試簽訂應付額預稅務詢談競競絡庫網頁碼屏視頻慧園醫師課勤請銷潔飲績獎懲罰違賠償隱"
    "體驗簡協導饋見訴靈訓廣點"
)
_PUNCTUATION: Final = frozenset("，。、；：？！“”‘’（）《》【】—…·％　「」『』①②③④⑤⑥⑦⑧⑨⑩★●■□→")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the encoding it was read with, and how many places could not be decoded."""

    text: str
    encoding: str
    damage: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What to tell the user: nothing where all could be decoded."""
        if not self.damage:
            return ()
        return (f"按 {self.encoding} 编码读取，有 {self.damage} 处字符无法解码。",)


def decode(data: bytes, declared: str = "") -> Decoded:
    """Decode by BOM, then as ``declared``, UTF-8 or the most plausible of the rest.

    Raises :class:`ExtractionError` (UNSUPPORTED) where the bytes are not text.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _lenient(data[len(bom) :], encoding)
    for encoding in filter(None, (_canonical(declared), "utf-8")):
        if (text := _strict(data, encoding)) is not None and not _binary_share(text[:_SAMPLE]):
            return Decoded(text, encoding)
    tried = [_lenient(data, encoding) for encoding in _candidates(data)]
    best = max(tried, key=lambda found: _plausibility(found), default=None)
    if best is None or _is_binary(best):
        raise ExtractionError(Reason.UNSUPPORTED, "binary data of an unknown format")
    return best


def _candidates(data: bytes) -> list[str]:
    sample = data[:_SAMPLE]
    wide = ["utf-16-le", "utf-16-be"]
    if b"\0" in sample:
        return wide
    return ["utf-8", "gb18030", "big5hkscs", *wide, "cp1252"]


def _plausibility(found: Decoded) -> float:
    """Mean weight of the characters, about 1 for ordinary Chinese, below 0 for garbage."""
    sample = found.text[:_SAMPLE]
    weights = [_weight(char) for char in sample if not " " <= char <= "~"]
    plain = len(sample) - len(weights)
    if not sample:
        return -9.0
    # Plain ASCII speaks for no encoding, except against UTF-16, which turns it to garbage.
    share = sum(weights) / len(weights) if weights else 0.5
    return share - 3.0 * found.damage / max(len(found.text), 1) + 0.1 * plain / len(sample)


@cache
def _weight(char: str) -> float:
    if char in _COMMON:
        return 1.0
    if char in _PUNCTUATION or char in "\r\n\t":
        return 0.8
    if "\u4e00" <= char <= "\u9fa5":
        return 0.3 if _is_level_one(char) else -0.5
    if "\uff01" <= char <= "\uff5e":
        return 0.3
    return -0.2 if char.isalpha() and char < "\u0250" else -1.0


def _is_level_one(char: str) -> bool:
    """Whether a national standard counts the character among the common ones."""
    gb = char.encode("gb2312", "ignore")
    big5 = char.encode("big5", "ignore")
    return (len(gb) == 2 and gb[0] <= 0xD7) or (len(big5) == 2 and big5[0] <= 0xC6)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        # A character that is cut off at the very end of the file is no error here.
        return decoder.decode(data, final=False)
    except (UnicodeDecodeError, LookupError):
        return None


def _lenient(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace")
    return Decoded(text, encoding, text.count("\ufffd"))


def _canonical(declared: str) -> str:
    name = declared.strip().strip("\"'").lower()
    name = _ALIASES.get(name, name)
    try:
        info = codecs.lookup(name) if re.fullmatch(r"[a-z0-9_.:-]{2,40}", name) else None
    except LookupError:
        return ""
    # A page that says UTF-16 in its own ASCII-readable <meta> cannot be UTF-16.
    is_text = info is not None and info._is_text_encoding and "utf-16" not in info.name
    return name if is_text and name not in ("idna", "punycode", "utf-7") else ""


def _is_binary(found: Decoded) -> bool:
    # Two arbitrary bytes are a valid character of UTF-16 nearly always, so it must read well.
    least = -0.2 if found.encoding.startswith("utf-16") else -0.6
    too_odd = _binary_share(found.text[:_SAMPLE]) > _MAX_DAMAGE
    return too_odd or _plausibility(found) < least


def _binary_share(sample: str) -> float:
    odd = sum(
        1 for char in sample if (char < " " and char not in "\t\n\r\f\v\x1a") or char == "\ufffd"
    )
    return odd / max(len(sample), 1)
