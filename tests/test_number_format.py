"""Numbers and dates of spreadsheets, as their number format shows them."""

from __future__ import annotations

import pytest

from classifier.extract.sheet.number_format import shown


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (12.5, "General", "12.5"),
        (0.1 + 0.2, "General", "0.3"),
        (1e21, "General", "1E+21"),
        (0.3, "0%", "30%"),
        (0.125, "0.0%", "12.5%"),
        (2.675, "0.00", "2.68"),
        (1200, '#,##0.00"元"', "1,200.00元"),
        (7, "000", "007"),
        (-5, "0_);[Red]\\(0\\)", "(5)"),
        (-0.001, "0.00", "0.00"),
        (0, '0;-0;"无"', "无"),
        (1234.5, '_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ;_ ¥* "-"??_ ;_ @_ ', "¥1,234.50"),
        (12345678, '0.0,,"百万"', "12.3百万"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (5, "[>=100]0.0;0", "5"),
        (0.5, "# ?/?", "0.5"),
        (46027, "yyyy-mm-dd", "2026-01-05"),
        (46027, 'yyyy"年"m"月"d"日";@', "2026年1月5日"),
        (46027.604166667, "yyyy/m/d h:mm", "2026/1/5 14:30"),
        (46027, "[$-F800]dddd, mmmm dd, yyyy", "2026-01-05"),
        (46027, "[$-804]aaaa", "星期一"),
        (0.5, '上午/下午h"时"mm"分"', "下午12时00分"),
        (1.5, "[h]:mm", "36:00"),
        (59, "yyyy-mm-dd", "1900-02-28"),
        (-1, "yyyy-mm-dd", "-1"),
        (float("inf"), "0.00", "inf"),
    ],
)
def test_numbers_look_as_their_format_shows_them(value: float, code: str, text: str):
    assert shown(value, code) == text


def test_dates_of_the_1904_calendar():
    assert shown(44565, "yyyy-mm-dd", date1904=True) == "2026-01-05"
