"""Alarms, safeguards, risks and proportionality from labelled sentences; the checklist."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from sample_report import hostile_report, sample_report

import cli
from classifier.findings import Finding, Findings, FindingState, Kind, find, rules
from classifier.findings.context import LEAST_SENTENCES, document_kind
from classifier.findings.proportionality import persons_of
from classifier.findings.rules import DocumentKind, label_rules, risk_rules
from classifier.report.checklist_export import PLACES
from classifier.taxonomy import CATEGORIES, LABELS


def certain(*p: float) -> np.ndarray:
    """Every label of a sentence with the same probability."""
    return np.repeat(np.array(p)[:, None], len(LABELS), axis=1)


def found(text: str, *codes: str, sure: float = 0.9) -> set[str]:
    result = find([text], [codes], certain(sure))
    return {f.rule.id for f in (*result.alarms, *result.safeguards) if f.found}


@pytest.mark.parametrize(
    ("text", "codes", "expected"),
    [
        ("上下班采用人脸识别打卡", ("C1", "C2"), {"biometric_attendance"}),
        ("自动抓取上网行为与浏览记录", ("C4",), {"web_capture"}),
        ("自动截屏并记录员工上网行为", ("C4",), {"web_capture", "screen_capture"}),
        ("每日报送工作计划", ("C5",), {"compulsory_daily_reports"}),
        ("每周绩效量化得分并排名", ("C6",), {"quantified_ranking"}),
        ("按季度考核打分", ("C6",), {"performance_scoring"}),
        ("扣发当月奖金", ("C7",), {"sanctions"}),
        ("按月排名，末位扣发奖金", ("C6", "C7"), {"quantified_ranking", "sanctions"}),
        ("识别打瞌睡的驾驶员", ("C4",), {"monitoring"}),
        ("领导可随时调阅下属的办理明细", ("C9",), {"supervision_dashboard"}),
        (
            "项目先行试点，征求用户代表意见后逐步推广",
            ("A6",),
            {"participation", "stepwise", "feedback"},
        ),
        ("试用期间用户可通过留言反馈意见", ("A6",), {"participation", "feedback"}),
        ("已有信息自动带入", ("A1",), {"convenience"}),
        ("本条没有任何类别，尽管写着人脸打卡", (), set()),
    ],
)
def test_rules_by_category_and_cue(text: str, codes: tuple[str, ...], expected: set[str]) -> None:
    assert found(text, *codes) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("不得采集与办事无关的上网记录", "C4"),
        ("打卡数据不用于绩效考核", "C6"),
        ("取消每日打卡，改为弹性工作", "C1"),
        ("评价结果不与个人奖惩挂钩", "C7"),
        ("严禁超范围收集访客的人脸信息", "C2"),
    ],
)
def test_control_that_is_forbidden_or_given_up_raises_no_alarm(text: str, code: str) -> None:
    """The label alone would: the model may be wrong about a negated sentence."""
    assert not found(text, code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("投标人串通投标的，依法追究其责任", "C7"),
        ("供应商逾期交货的，按合同金额的千分之一扣除违约金", "C7"),
        ("法定代表人身份证复印件加盖公章", "C2"),
        ("系统采用数字证书和口令双因素鉴别", "C2"),
        ("加强企业排污和水质的在线监管", "C9"),
        ("商品按销量排行，支持自定义排序", "C6"),
        ("物资入库后实时定位货物", "C3"),
        ("按评审得分对投标人排名", "C6"),
    ],
)
def test_bidders_things_and_logins_are_no_control_of_people(text: str, code: str) -> None:
    assert not found(text, code)


def test_the_same_words_about_people_do_raise_it() -> None:
    assert found("中标人应对考勤不合格的服务人员扣发工资", "C7") == {"sanctions"}
    assert found("闸机抓拍人脸并与名单比对", "C2") == {"identification"}
    assert found("督查室在线监管各乡镇干部的履职情况", "C9") == {"supervision_dashboard"}


def test_every_control_category_raises_some_alarm() -> None:
    for code, category in CATEGORIES.items():
        if category.orientation.value == "control":
            assert found("员工的一句话", code), code


def test_an_alarm_needs_a_sure_sentence() -> None:
    assert found("按季度考核打分", "C6", sure=0.65)
    assert not found("按季度考核打分", "C6", sure=0.55)
    assert found("刷脸打卡", "C1", sure=0.35) == {"biometric_attendance"}
    assert all(0 < rule.least < 1 for rule in label_rules(Kind.ALARM))


def test_strongest_evidence_first_and_missing_safeguards_listed() -> None:
    result = find(["员工每日打卡", "刷脸打卡"], [("C1",), ("C1",)], certain(0.7, 0.9))
    assert [f.rule.id for f in result.alarms] == ["biometric_attendance", "attendance"]
    texts = ["迟到扣款", "早退扣款", "早退扣款"]
    again = find(texts, [("C7",)] * 3, certain(0.7, 0.9, 0.95))
    assert again.alarms[0].evidence == (1, 0, 2), "a repetition comes behind what says more"
    assert [f.rule.id for f in result.safeguards] == [rule.id for rule in rules(Kind.SAFEGUARD)]
    assert not any(f.found for f in result.safeguards)
    assert {f.state for f in result.safeguards} == {FindingState.UNKNOWN}, "two sentences"
    long = find(SPECIFICATION, [()] * len(SPECIFICATION), certain(*[0.1] * len(SPECIFICATION)))
    assert {f.state for f in long.safeguards} == {FindingState.NOT_FOUND}
    assert {f.state for f in result.alarms} == {FindingState.FOUND}


TENDER = [
    "供应商应按采购人要求建设政务服务平台。",
    "投标人须提供近三年的业绩证明。",
    "系统应支持国产数据库。",
    "合同签订后三十日内交货。",
] * (LEAST_SENTENCES // 4 + 1)
SPECIFICATION = ["系统应记录申请时间。", "用户点击提交按钮。", "页面显示申请列表。"] * 30


def risks(texts: list[str], *labelled: tuple[str, str]) -> dict[str, Finding]:
    """Risks of ``texts`` and some more sentences, each with a category."""
    every = [*texts, *(text for text, _ in labelled)]
    codes = [*([()] * len(texts)), *((code,) if code else () for _, code in labelled)]
    result = find(every, codes, certain(*[0.9] * len(every)))
    return {finding.rule.id: finding for finding in result.risks}


def test_kinds_of_documents() -> None:
    assert document_kind(TENDER) is DocumentKind.TENDER
    assert document_kind(SPECIFICATION) is DocumentKind.SPECIFICATION
    assert document_kind(TENDER[: LEAST_SENTENCES - 1]) is DocumentKind.OTHER
    assert document_kind(["投标人应提供课桌五百张。"] * 100) is DocumentKind.OTHER
    assert document_kind([]) is DocumentKind.OTHER


def test_silence_tells_in_a_tender_for_a_system_only() -> None:
    delivery = {risk.rule.id for risk in risk_rules() if DocumentKind.TENDER in risk.telling}
    delivery -= {"no_voice"}
    answers = risks(TENDER)
    assert {answers[id_].state for id_ in delivery} == {FindingState.PRESENT}
    assert not any(answers[id_].evidence for id_ in delivery)
    furniture = risks(["投标人应提供课桌五百张。"] * 100)
    assert {furniture[id_].state for id_ in delivery} == {FindingState.UNKNOWN}
    assert risks(SPECIFICATION)["no_project_management"].state is FindingState.UNKNOWN
    assert risks(SPECIFICATION)["goals_unclear"].state is FindingState.PRESENT


@pytest.mark.parametrize(
    ("id_", "text", "code"),
    [
        ("goals_unclear", "本平台建设目标是把办事材料减少三成。", ""),
        ("business_not_involved", "业务科室骨干参与需求调研和原型评审。", ""),
        ("no_change_control", "需求变更须经双方书面确认并评估工期与费用。", ""),
        ("no_project_management", "项目经理每周提交进度计划，按里程碑验收。", ""),
        ("no_project_management", "项目经理应当具有项目管理师证书，不得更换。", ""),
        ("no_training", "为每个科室开展两次上机培训并编写操作手册。", "A8"),
        ("no_voice", "使用者可以对结果提出申诉。", "A6"),
    ],
)
def test_evidence_counters_a_risk(id_: str, text: str, code: str) -> None:
    finding = risks(TENDER, (text, code))[id_]
    assert (finding.state, finding.evidence) == (FindingState.COUNTERED, (len(TENDER),))


@pytest.mark.parametrize(
    ("id_", "text", "code"),
    [
        ("goals_unclear", "具体功能需求在签约后由采购人另行确定。", ""),
        ("business_not_involved", "各业务部门只需配合，无需另行征求意见。", ""),
        ("no_change_control", "供应商须无条件免费满足采购人新增的功能需求。", ""),
        ("no_project_management", "本项目边设计边实施，倒排工期。", ""),
        ("no_training", "供应商不提供培训，使用人员自行学习掌握。", ""),
        ("show_project", "将平台打造成全省标杆，供领导参观。", ""),
        ("power_over_units", "各下属单位一律停用原有系统并限期接入本平台。", ""),
    ],
)
def test_evidence_shows_a_risk_though_another_sentence_counters_it(
    id_: str, text: str, code: str
) -> None:
    countered = "项目经理负责需求变更的书面审批，组织业务部门参与需求调研，项目目标见附件。"
    finding = risks(TENDER, (countered, ""), (text, code))[id_]
    assert (finding.state, finding.evidence) == (FindingState.PRESENT, (len(TENDER) + 1,))


@pytest.mark.parametrize(
    "text",
    ["企业可在线办理股权变更登记。", "学籍变更申请由教务处审核。", "开标时间变更的，另行公告。"],
)
def test_changes_of_other_things_are_no_change_control(text: str) -> None:
    assert risks(TENDER, (text, ""))["no_change_control"].state is FindingState.PRESENT


def test_new_technology_is_out_of_proportion_only_in_heaps_and_without_regard_to_what_is() -> None:
    one = ("采用微服务架构。", "")
    heap = [(f"引入{word}技术。", "") for word in ("区块链", "元宇宙", "数字孪生", "知识图谱")]
    regard = ("充分利用现有系统和设备，避免重复建设。", "")
    name = "technology_out_of_proportion"
    assert risks(TENDER, one)[name].state is FindingState.NOT_FOUND
    assert risks(TENDER, *heap)[name].state is FindingState.PRESENT
    assert len(risks(TENDER, *heap)[name].evidence) == 4
    assert risks(TENDER, *heap, regard)[name].state is FindingState.COUNTERED


def test_no_voice_is_a_risk_where_people_are_controlled() -> None:
    assert risks(TENDER)["no_voice"].state is FindingState.NOT_FOUND
    alarmed = risks(TENDER, ("员工每日打卡四次。", "C1"))
    assert alarmed["no_voice"].state is FindingState.PRESENT


def meetings(*labelled: tuple[str, str], section: str = "") -> Findings:
    texts, codes = zip(*labelled, strict=True)
    sections = [(section,) if section else ()] * len(texts)
    return find(texts, [code.split() for code in codes], certain(*[0.9] * len(texts)), sections)


def test_alarms_that_meet_on_the_same_persons_ask_for_proportionality() -> None:
    result = meetings(
        ("教师每日刷脸打卡。", "C1 C2"),
        ("系统记录教师在校内的轨迹。", "C3"),
        ("每月公布教师排名。", "C6"),
        ("学生在宿舍打卡。", "C1"),
    )
    (teachers,) = result.proportionality
    assert teachers.persons == "教师"
    assert teachers.alarms == ("biometric_attendance", "location_tracking", "quantified_ranking")
    assert teachers.evidence == (0, 1, 2)
    for word in ("教师", "生物特征考勤", "量化排名", "必要性", "第六条", "第二十八条"):
        assert word in teachers.note
    scores = meetings(("骑手按月打分排名。", "C6"), ("骑手超时扣款。", "C7"))
    assert "第二十八条" not in scores.proportionality[0].note, "no sensitive personal data"


def test_persons_are_those_acted_upon() -> None:
    assert persons_of("系统记录骑手的位置。") == ("骑手",)
    assert persons_of("辅导员可随时查看学生的轨迹。") == ("学生",)
    assert persons_of("供教师查看的学生考勤表。") == ("学生",)
    assert persons_of("学生处每周导出数据。") == ()
    assert persons_of("迟到一次扣两分。", ("第三章 员工考勤", "3.1 规则")) == ("员工",)
    assert persons_of("迟到一次扣两分。") == ()


def test_one_sentence_or_one_alarm_is_no_meeting() -> None:
    assert not meetings(("学生在宿舍打卡。", "C1"), ("学生课堂签到。", "C1")).proportionality
    assert not meetings(("学生按考勤排名，末位通报处分。", "C1 C6 C7")).proportionality


def test_the_checklist_has_every_rule_once() -> None:
    report = sample_report()
    made = report.checklist()
    expected = [rule.id for kind in Kind for rule in rules(kind)]
    assert [line.id for line in made.lines] == expected
    by_id = {line.id: line for line in made.lines}
    for finding in (*report.findings.alarms, *report.findings.safeguards, *report.findings.risks):
        line = by_id[finding.rule.id]
        assert (line.state, line.sentences) == (finding.state, len(finding.evidence))
        assert bool(line.places) == finding.found and len(line.places) <= PLACES
    rows = [row for row in made.to_markdown().splitlines() if row.startswith("| ☐")]
    assert len(rows) == len(expected)
    assert sum("未找到" in row for row in rows) == sum(
        line.state is FindingState.NOT_FOUND for line in made.lines
    )
    assert [m.persons for m in made.meetings] == [
        p.persons for p in report.findings.proportionality
    ]
    table = list(csv.DictReader(io.StringIO(made.to_csv().removeprefix("\ufeff"))))
    assert [row["id"] for row in table] == expected
    assert made.to_json()["lines"][0]["state"] in list(FindingState)


def test_a_hostile_name_stays_text_in_the_checklist() -> None:
    text = hostile_report().checklist().to_markdown()
    assert "<script>" not in text.replace("\\<", "")
    assert text.count("\n# ") == 0 and text.startswith("# ")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {8}


def test_scan_writes_the_checklist_beside_the_report(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    source = tmp_path / "招标文件.txt"
    source.write_text("员工每日刷脸打卡，迟到一次扣两分。\n" * 3, encoding="utf-8")
    out = tmp_path / "out"
    call = ["scan", str(source), "--model", "lexical", "--checklist", "-o", f"{out}/"]
    assert CliRunner().invoke(cli.app, call).exit_code == 0
    assert "生物特征考勤 | 有" in (out / "招标文件.checklist.md").read_text(encoding="utf-8")
    wrong = CliRunner().invoke(cli.app, [*call, "--json"])
    assert wrong.exit_code == 2
    again = CliRunner().invoke(cli.app, ["scan", str(out), "--model", "lexical"])
    assert again.exit_code == 2, "our own checklists are no input"


NOTICE = (
    "本项目采用电子招标投标，供应商须在交易平台注册登录后下载招标文件。",
    "投标人应在系统中提交投标文件，平台自动记录提交时间。",
    "公告期限为五个工作日。",
    "开标地点见公告附件。",
)


def test_1_a_notice_is_not_enough_text_to_tell() -> None:
    """It says how to bid by a platform; all risks of delivery stood as present."""
    for texts in (NOTICE * 30, NOTICE):
        result = find(texts, [()] * len(texts), certain(*[0.1] * len(texts)))
        assert {f.state for f in result.safeguards} == {FindingState.UNKNOWN}
        assert FindingState.PRESENT not in {f.state for f in result.risks}


@pytest.mark.parametrize(
    ("id_", "text"),
    [
        ("no_project_management", "项目负责人"),
        ("no_project_management", "项目经理须提供身份证复印件和劳动合同。"),
        ("no_project_management", "二级单位可增设项目管理员账号。"),
        ("technology_out_of_proportion", "营业执照号码：    经济性质：    "),
        ("technology_out_of_proportion", "能力成熟度模型的英文简称为CMM。"),
        ("no_change_control", "办事人可提交监护人变更申请。"),
        ("no_change_control", "任何一方地址变更须书面通知对方。"),
        ("goals_unclear", "为方便评标，技术文件应单独装订。"),
        ("goals_unclear", "应聘者具备分析和解决问题的能力。"),
        ("business_not_involved", "各方就本次采购参加的活动承担连带责任。"),
        ("business_not_involved", "1.3 需求分析"),
    ],
)
def test_2_forms_bids_and_headings_counter_no_risk(id_: str, text: str) -> None:
    assert not risks(TENDER, (text, ""))[id_].found


def test_3_a_school_that_is_a_model_school_is_no_show_project() -> None:
    about_buyer = ("本校是区实验性示范性高中，先后被评为文明单位。", "")
    assert risks(TENDER, about_buyer)["show_project"].state is FindingState.NOT_FOUND
    built = ("通过本项目争创全省智慧校园示范学校。", "")
    assert risks(TENDER, built)["show_project"].state is FindingState.PRESENT


def test_4_how_to_bid_is_no_evidence_unless_the_contract_stands_below_it() -> None:
    text = "项目经理负责进度计划，每周组织例会。"
    answers = {}
    for section in (("第三章 评标办法",), ("投标文件格式", "附件五 合同条款"), ()):
        sections = [()] * len(TENDER) + [section]
        result = find([*TENDER, text], [()] * (len(TENDER) + 1), certain(*[0.9] * 100), sections)
        answers[section] = next(f for f in result.risks if f.rule.id == "no_project_management")
    bidding, contract, none = answers.values()
    assert bidding.state is FindingState.PRESENT and not bidding.found
    assert contract.evidence == none.evidence == (len(TENDER),)


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("乙方应对其员工进行职业技能培训。", "A8", set()),
        ("为窗口人员举办两次系统使用培训。", "A8", {"training"}),
        ("个人信息：显示用户的姓名和身份。", "A9", set()),
        ("个人信息须加密保存，未经本人同意不得公开。", "A9", {"privacy"}),
        ("学生可提交考核评价单。", "A6", set()),
    ],
)
def test_5_safeguards_protect_those_who_use_it(text: str, code: str, expected: set[str]) -> None:
    assert found(text, code) == expected


@pytest.mark.parametrize(
    "text",
    [
        "供应商不再向各科室另行征求意见",
        "对评分结果不受理申诉，不接受任何反馈",
        "员工无权对考核结果提出异议",
        "不得就排名提出申诉",
    ],
)
def test_6_a_voice_that_is_denied_is_no_safeguard(text: str) -> None:
    assert found(text, "A6") == set()
