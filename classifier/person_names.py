"""Names of persons after a cue such as 联系人: by surname, length, and what follows.

The text must be as :mod:`classifier.redact` makes it plain: punctuation, dashes and spaces
in ASCII, character for character.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

# The frequent surnames, without those that in tenders begin far more words than names.
_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程"
    "苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛"
    "郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左"
    "柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶"
    "解牟艾尤阳时穆农卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫柏宗瞿桂全佟应臧闵苟邬边卞"
    "姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚"
    "鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花强帅屠豆朴盖练廉禹井祖漆巴丰卿狄索宣晋容敬扈晁芮"
    "阙浦戈鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况宿鲜逯隆茹诺战慕危玉银亢嵇湛宾戎勾茅居尉冶斯檀衣昝智"
    "幸奉衡富尧闭"
)
_COMPOUND: Final = (
    "欧阳|上官|司马|诸葛|皇甫|尉迟|司徒|令狐|慕容|东方|公孙|夏侯|宇文|长孙|端木|独孤|南宫|闻人"
)
# Words that begin with a surname: labels of forms, types of fields, what a duty begins with.
_WORDS: Final = (
    "项目|单[位价选独一]|盖[章公]|文[本件字档]|班[级组]|时[间段长限]|成[员绩立本功]|金[额融]"
    "|全[部称名体程公]|方[案式法向可]|包[括含号件装]|房[间屋号产]|管理|查[询看]|简[历介称要]|解[释决]"
    "|毕业|任[务职命何]|安[全排装]|施[工行]|车[辆型牌间]|党[员支]|高[级中校]|平[台均时方]|常[用驻务]"
    "|关[于系联键]|符[合号]|路[径由线]|连[续接]|师[资傅生]|强[制调]|容[量易]|满[足意]|余[额下]|万[元人]"
    "|易[于用]|应[当具为由急用有在对及能]|向[甲招采用乙]|许可|明[确细]|温度|白[天色]|左右|曲线|边界"
    "|尚[未可]|位[置于]|区[域县别]|席位|游[客戏]|商[品务户]|储存|原[因件]|富[有裕]|修[改订]|智能"
)
_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff"
_CUES: Final = "|".join(
    " *".join(cue)
    for cue in (
        *("联系人", "经办人", "法定代表人", "法人代表", "负责人", "项目经理", "授权代表"),
        *("委托代理人", "收件人", "联系方式", "姓名"),
    )
)
_CUE: Final = rf"(?:{_CUES})(?:姓名|及电话|及联系方式)?(?:\([^()\n]{{0,12}}\))?"
_TITLE: Final = "(?:先生|女士|小姐|老师|同志|经理|主任|处长|科长|院长|校长|工程师)"
# What follows a name without any space where the lines of a form were run together.
_LABELS: Final = "电话|联系|手机|邮箱|传真|地址|职务|职称|身份证|项目|采购|供应商|代理"
_NAME: Final = (
    rf"(?:(?!{_WORDS})(?:(?:{_COMPOUND})[{_HAN}]{{1,2}}"
    rf"|[{_SURNAMES}](?:[{_HAN}]{{1,2}}| {{1,2}}[{_HAN}]))|[{_HAN}]{{2,8}}·[{_HAN}]{{2,8}})"
    rf"(?=(?:{_TITLE})?(?:[^{_HAN}*·]|$|{_LABELS}|[和及与][{_SURNAMES}]))"
)
_COLON_OR_SPACE: Final = r"(?: *+: *+(?:\n *+)?| *+\| *+| ++)"
# On the line after the cue names stand alone: a form has its label and its entry there.
_FIRST: Final = re.compile(
    rf"{_CUE}(?:{_COLON_OR_SPACE}[\[(]?({_NAME})| *+\n *+({_NAME})(?= *(?:[\n、,/]|$)))"
)
_NEXT: Final = re.compile(rf"(?:{_TITLE})?[- 、,/;()0-9:转和及与]{{1,40}}({_NAME})")

# Shorter names are often words too: they count after a cue only.
_LEAST_TELLING: Final = 3


def after_cues(text: str) -> Iterator[tuple[int, int]]:
    """Ranges of the names after cues, all of them where several are listed, ascending."""
    at = 0
    while match := _FIRST.search(text, at):
        group = match.lastindex or 0
        while match:
            yield match.span(group)
            at = match.end(group)
            match, group = _NEXT.match(text, at), 1


def elsewhere(text: str, names: Collection[str]) -> Iterator[tuple[int, int]]:
    """All places of those ``names`` that have three characters or more, ascending."""
    telling = {name for name in names if len(name) >= _LEAST_TELLING}
    lengths = sorted({len(name) for name in telling}, reverse=True)
    initials = {name[0] for name in telling}
    at = 0
    while at < len(text):
        found = 0
        if text[at] in initials:
            found = next((n for n in lengths if text[at : at + n] in telling), 0)
            if found:
                yield at, at + found
        at += found or 1
