"""How grave gtmc takes what customers say: each criterion of S0's table, by words that are invented."""

import pytest

from tests.judging import judged
from tests.requirements.rows import shows

TABLE = "policy:gtmc/severity/criteria"
GENERAL, PRELIMINARY, MAJOR = "general", "major_preliminary", "major"


@pytest.mark.parametrize(
    ("text", "criterion", "level"),
    [
        shows(
            "ICROP-50",
            f"{TABLE}/G1/level",
            "发票还没给我。",
            "G1",
            GENERAL,
        ),
        shows("ICROP-51", f"{TABLE}/G2", "接待人员态度很差,一直推诿,没有人给我解决。", "G2", GENERAL),
        shows("ICROP-52", f"{TABLE}/G3", "空调有异响。", "G3", GENERAL),
        shows("ICROP-52", f"{TABLE}/G3/signals/ordinary_fault", "方向盘抖动。", "G3", GENERAL),
        shows("ICROP-52", f"{TABLE}/G3", "座椅外观有划痕", "G3", GENERAL),
        shows("ICROP-52", f"{TABLE}/G3", "雨刮不工作。", "G3", GENERAL),
        shows("ICROP-53", f"{TABLE}/P1", "我舅舅是公安局的领导。", "P1", PRELIMINARY),
        shows("ICROP-54", f"{TABLE}/P2", "我要在你们店门口拉横幅堵门。", "P2", PRELIMINARY),
        shows("ICROP-55", f"{TABLE}/P3", "如果不处理我就起诉你们", "P3", PRELIMINARY),
        shows("ICROP-56", f"{TABLE}/P4", "你们再拖下去我就找记者曝光。", "P4", PRELIMINARY),
        shows("ICROP-57", f"{TABLE}/P5", "我拒绝把车送到店里检查。", "P5", PRELIMINARY),
        shows("ICROP-58", f"{TABLE}/P6", "我要求第三方机构对车辆进行鉴定。", "P6", PRELIMINARY),
        shows("ICROP-59", f"{TABLE}/P7", "这车我不要了,给我退车。", "P7", PRELIMINARY),
        shows("ICROP-60", f"{TABLE}/P8", "我已经向厂家投诉了。", "P8", PRELIMINARY),
        shows("ICROP-61", f"{TABLE}/P9", "请给我一份盖章的书面答复。", "P9", PRELIMINARY),
        shows("ICROP-62", f"{TABLE}/P10", "孩子的手被车门夹伤,缝了三针。", "P10", MAJOR),
        shows("ICROP-62", f"{TABLE}/P10/level", "孩子的手被车门夹伤,缝了三针。", "P10", MAJOR),
        shows("ICROP-63", f"{TABLE}/P11", "我已经投诉到工商局了。", "P11", PRELIMINARY),
        shows("ICROP-63", f"{TABLE}/P11", "我在微博上发了帖子。", "P11", PRELIMINARY),
        shows("ICROP-64", f"{TABLE}/M1", "车自燃了。", "M1", MAJOR),
        shows("ICROP-65", f"{TABLE}/M2", "没踩油门,车自己往前窜。", "M2", MAJOR),
        shows("ICROP-66", f"{TABLE}/M3", "撞车了,安全气囊没打开。", "M3", MAJOR),
        shows("ICROP-67", f"{TABLE}/M4", "踩刹车像踩棉花,根本停不下来。", "M4", MAJOR),
        shows("ICROP-67", f"{TABLE}/M4/level", "踩刹车像踩棉花,根本停不下来。", "M4", MAJOR),
        shows("ICROP-69", f"{TABLE}/M5", "法院的传票已经寄给你们了。", "M5", MAJOR),
        shows("ICROP-70", f"{TABLE}/M6", "央视的记者来采访我了。", "M6", MAJOR),
        shows("ICROP-70", f"{TABLE}/M6", "消防队来了", "M6", MAJOR),
        shows("ICROP-70", f"{TABLE}/M6", "召回中心已经联系我了。", "M6", MAJOR),
        shows("ICROP-70", f"{TABLE}/M6", "公安已经立案。", "M6", MAJOR),
        shows("ICROP-70", f"{TABLE}/M6", "中消协转来一件投诉。", "M6", MAJOR),
    ],
)
def test_each_criterion_is_met_by_what_it_is_about(text: str, criterion: str, level: str) -> None:
    judgement = judged(text)
    assert criterion in judgement.criteria
    assert judgement.level == level


@pytest.mark.shows("ICROP-68", dies_with=f"{TABLE}/M4")
@pytest.mark.parametrize(
    "text",
    [
        "油门踩下去不回位。",
        "高速上发动机突然熄火。",
        "车子打不着火。",
        "刹车失灵。",
        "转向失灵,方向盘打不动。",
        "方向盘助力突然没有了。",
        "行驶中车轮突然抱死。",
        "油箱漏油。",
    ],
)
def test_each_example_of_a_car_that_cannot_be_controlled_is_major(text: str) -> None:
    judgement = judged(text)
    assert (judgement.level, judgement.deciding) == (MAJOR, "M4")


@pytest.mark.shows("ICROP-71", dies_with="policy:gtmc/severity/criteria/M1/level")
@pytest.mark.shows("ICROP-71", dies_with="policy:gtmc/severity/criteria/P7")
def test_the_gravest_criterion_decides_and_all_are_kept() -> None:
    judgement = judged("车自燃了,我要退车,不解决就起诉你们。")
    assert (judgement.level, judgement.deciding) == (MAJOR, "M1")
    assert {"M1", "P3", "P7"} <= set(judgement.criteria)


@pytest.mark.parametrize(
    ("channel", "criterion"),
    [
        shows("ICROP-60", f"{TABLE}/P8/channels/hotline_800", "hotline_800", "P8"),
        shows("ICROP-63", f"{TABLE}/P11/channels/web_statement", "web_statement", "P11"),
    ],
)
def test_some_channels_alone_lift_a_case(channel: str, criterion: str) -> None:
    assert judged("发票还没给我。", channel=channel).deciding == criterion
