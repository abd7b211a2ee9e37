"""People's actions and reading over HTTP: revisions, keys, refusals, scope and pages."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from deploy.local import Stack
from schemas.contacts import Customer
from tests.dealership import a_contact
from tests.patience import until
from tests.routing_service import Service, routing

OK = httpx.codes.OK
FIRE = "车子突然起火冒烟,必须给我一个说法"
CR = [
    "review", "contact", "try_to_reach", "follow_up", "urge", "ask_support", "tidy", "call_back", "confirm_result", "close",
]  # fmt: skip
"""What the CR manager does with a case that somebody else owns."""
HAND_OVER = {"shop": "north", "role": "dept_manager", "person": "dm-service", "note": "请服务经理处理"}


@pytest.fixture(scope="module")
async def service(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with routing(stack, tmp_path_factory.mktemp("routing-api")) as running:
        yield running


async def done(service: Service, person: str, target: str, seen: str, body: Any = None) -> httpx.Response:
    answer = await service.post(person, target, seen, body)
    assert answer.status_code == OK, answer.text
    return answer


async def test_a_case_is_taken_from_review_to_close(service: Service) -> None:
    path, seen = await service.opened()
    steps: list[tuple[str, str, Any, str]] = [
        ("cr-1", "accept", {}, "in_review"),
        ("cr-1", "transfer", HAND_OVER, "transferred"),
        ("dm-service", "accept", {}, "transferred"),
        ("dm-service", "judge", {"severity": "general"}, "assessed"),
        ("dm-service", "contact", {"note": "已联系客户"}, "in_progress"),
        ("cr-1", "follow_up", {"note": "客户正在考虑"}, "in_progress"),
        ("dm-service", "handle_ok", {"course": "更换零件", "result": "客户满意"}, "resolved"),
        ("cr-1", "tidy", {"note": "信息完整"}, "callback_pending"),
        ("op-1", "call_back", {"outcome": "satisfied", "note": "客户满意"}, "callback_confirmed"),
        ("cr-1", "confirm_result", {"note": "回访属实"}, "callback_confirmed"),
        ("cr-1", "close", {"note": "回访确认"}, "closed"),
    ]
    for person, action, body, state in steps:
        target = await service.replying(path, action) if action == "accept" else f"{path}/actions/{action}"
        answer = await done(service, person, target, seen, body)
        seen = answer.headers["ETag"]
        assert answer.json()["state"] == state
    assert (answer.json()["stage"], answer.json()["actions"], answer.json()["tasks"]) == ("over", CR, [])
    shown = (await service.get("gm-1", path)).json()
    said = [text.get("note") for text in shown["texts"].values()]
    assert {"请服务经理处理", "已联系客户", "回访确认"} <= set(said)
    assert [entry["number"] for entry in shown["history"]] == list(range(1, len(shown["history"]) + 1))
    assert next(iter(shown["customers"].values()))["customer"]["name"] == "王••"


async def test_an_action_needs_the_revision_it_saw(service: Service) -> None:
    path, _ = await service.opened()
    answer = await service.accept("cr-1", path, "")
    assert (answer.status_code, answer.json()["rule"]) == (428, "if_match")


async def test_a_stale_action_is_told_what_has_changed(service: Service) -> None:
    path, seen = await service.opened()
    await done(service, "cr-1", await service.replying(path, "accept"), seen)
    answer = await service.post("cr-1", f"{path}/actions/transfer", seen, HAND_OVER)
    problem = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (412, '"2"')
    assert problem["changes"][0]["by"] == "cr-1"
    assert set(problem["changes"][0]["fields"]) == {"owner", "owner_role", "tasks", "state"}


async def test_the_same_key_and_body_is_the_same_action(service: Service) -> None:
    path, seen = await service.opened()
    target = await service.replying(path, "accept")
    first, second = [await service.post("cr-1", target, seen, key="once") for _ in range(2)]
    assert (first.status_code, second.status_code) == (OK, OK)
    assert first.json() == second.json()
    events = [entry["event"] for entry in (await service.get("cr-1", path)).json()["history"]]
    assert events.count("case.task_accepted") == 1


async def test_the_same_key_with_another_body_is_refused(service: Service) -> None:
    path, seen = await service.opened()
    await done(service, "cr-1", await service.replying(path, "accept"), seen)
    for note, status in (("甲", OK), ("乙", 422)):
        answer = await service.post("cr-1", f"{path}/actions/follow_up", '"2"', {"note": note}, key="again")
        assert answer.status_code == status
    assert answer.json()["rule"] == "one_key"


async def test_two_people_at_once_are_decided_one_after_the_other(service: Service) -> None:
    path, seen = await service.opened()
    target = await service.replying(path, "accept")
    both = [service.post("cr-1", target, seen), service.post("cr-1", target, seen)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [OK, 412]


@pytest.mark.parametrize(
    ("asked", "status", "rule"),
    [
        (("op-1", "close", {"note": "好"}), 422, "who_may"),
        (("cr-1", "close", {"note": "好"}), 409, "from_state"),
        (("cr-1", "transfer", HAND_OVER), 409, "accept_first"),
    ],
)
async def test_a_refusal_names_its_rule(
    service: Service, asked: tuple[str, str, Any], status: int, rule: str
) -> None:
    path, seen = await service.opened()
    person, action, body = asked
    answer = await service.post(person, f"{path}/actions/{action}", seen, body)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["rule"]) == (status, rule)


@pytest.mark.parametrize(
    ("person", "verb", "status", "rule"),
    [
        ("dm-service", "accept", 409, "asked"),
        ("cr-1", "answer", 409, "not_answered"),
        ("cr-1", "return", 422, None),
    ],
)
async def test_a_reply_is_refused_to_whoever_is_not_asked_and_where_the_task_does_not_take_it(
    service: Service, person: str, verb: str, status: int, rule: str | None
) -> None:
    path, seen = await service.opened()
    answer = await service.post(person, await service.replying(path, verb), seen)
    assert (answer.status_code, answer.json().get("rule")) == (status, rule)


async def test_an_action_that_the_policy_does_not_have_is_not_there_and_the_others_are_named(
    service: Service,
) -> None:
    path, seen = await service.opened()
    answer = await service.post("cr-1", f"{path}/actions/forgive", seen)
    assert (answer.status_code, answer.json()["rule"]) == (404, "known_action")
    assert "follow_up" in answer.json()["detail"]


async def test_a_case_tells_its_reader_what_they_may_do_and_reply(service: Service) -> None:
    path, _ = await service.opened()
    shown = {name: (await service.get(name, path)).json() for name in ("cr-1", "dm-service")}
    [task] = shown["cr-1"]["tasks"]
    assert shown["cr-1"]["actions"] == CR
    assert shown["cr-1"]["replies"] == {task["task_id"]: ["accept", "refuse"]}
    assert (shown["dm-service"]["actions"], shown["dm-service"]["replies"]) == (["contact"], {})


async def test_a_task_that_is_done_takes_no_reply(service: Service) -> None:
    path, seen = await service.opened()
    target = await service.replying(path, "accept")
    seen = (await done(service, "cr-1", target, seen)).headers["ETag"]
    answer = await service.post("cr-1", target, seen)
    assert (answer.status_code, answer.json()["rule"]) == (409, "task_done")


async def test_a_task_is_refused_with_a_reason_that_is_kept(service: Service) -> None:
    path, seen = await service.opened()
    target = await service.replying(path, "refuse")
    without = await service.post("cr-1", target, seen)
    assert (without.status_code, without.json()["errors"][0]["field"]) == (422, "reason")
    answer = await done(service, "cr-1", target, seen, {"reason": "不是本店的车"})
    assert (answer.json()["tasks"], answer.json()["declined_by"]) == ([], ["cr-1"])
    texts = (await service.get("gm-1", path)).json()["texts"]
    assert {"reason": "不是本店的车"} in texts.values()


async def test_what_is_refused_leaves_no_words_behind(service: Service) -> None:
    path, seen = await service.opened()
    await service.post("dm-service", f"{path}/actions/handle_ok", seen, {"course": "机密", "result": "机密"})
    texts = (await service.get("gm-1", path)).json()["texts"]
    assert len(texts) == 1


async def test_a_body_is_bounded(service: Service) -> None:
    path, seen = await service.opened()
    assert (
        await service.post("cr-1", f"{path}/actions/contact", seen, {"note": "x" * 70_000})
    ).status_code == 413


async def test_nothing_is_anonymous(service: Service) -> None:
    path, _ = await service.opened()
    assert (await service.http.get(path)).status_code == 401
    assert (await service.get("a-stranger", path)).status_code == 403


async def test_people_see_the_cases_of_their_shop_only(service: Service) -> None:
    path, seen = await service.opened()
    assert (await service.get("gm-south", path)).status_code == 404
    target = await service.replying(path, "accept")
    assert (await service.post("gm-south", target, seen)).status_code == 404
    assert (await service.get("mfr-1", path)).status_code == 404


async def test_the_manufacturer_sees_what_it_was_asked_to_support(service: Service) -> None:
    path, _ = await service.opened(narrative=FIRE)
    shown = (await service.get("mfr-2", path)).json()
    assert shown["severity"] == "major"
    [support] = [one for one in shown["tasks"] if one["task"] == "support"]
    assert support["to"] in {"mfr-1", "mfr-2"}


async def test_what_the_operator_marked_is_shown_with_the_case_and_in_its_history(service: Service) -> None:
    path, _ = await service.opened(flags={"accident": True, "injury": False}, ticks=("P5",))
    case = UUID(path.rsplit("/", 1)[1])
    await service.receive(a_contact("请回电话", case_id=case, flags={"fire": True}, ticks=("P7",)))

    async def with_both() -> Any:
        found = (await service.get("gm-1", path)).json()
        return found if len(found["contacts"]) == 2 else None

    shown = await until(with_both)
    assert shown["flags"] == {"accident": True, "injury": False, "fire": True}
    assert shown["ticks"] == ["P5", "P7"]
    assert [each["flags"].get("fire") for each in shown["contacts"]] == [None, True]
    marked = [entry["facts"]["flags"] for entry in shown["history"] if "flags" in entry["facts"]]
    assert marked == [{"accident": True, "injury": False}, {"fire": True}]


async def test_a_text_is_judged_as_the_case_that_it_opens(service: Service) -> None:
    judged = (await done(service, "cr-1", "/v1/severity", "", {"text": FIRE, "channel": "onsite"})).json()
    path, _ = await service.opened(narrative=FIRE, channel="onsite")
    [contact] = (await service.get("gm-1", path)).json()["contacts"]
    assert judged["confirmed"] == contact["severity"]
    places = [(signal["start"], signal["end"]) for signal in judged["signals"]]
    assert [FIRE[slice(*place)] for place in places] == [signal["text"] for signal in contact["signals"]]


async def test_a_case_nobody_opened_is_not_there(service: Service) -> None:
    assert (await service.get("gm-1", f"/v1/cases/{uuid4()}")).status_code == 404


async def test_a_case_shows_what_was_given_but_cannot_be_used(service: Service) -> None:
    customer = Customer(name="王女士", email="zhang,wei@example.com", phone="((((((")
    path, _ = await service.opened(customer=customer, refused=("customer.email", "customer.phone"))
    shown = (await service.get("cr-1", path)).json()
    said = [
        "e-mail was given but cannot be used (customer.email)",
        "phone was given but cannot be used (customer.phone)",
    ]
    assert shown["contacts"][0]["unusable"] == shown["history"][0]["facts"]["unusable"] == said
    assert next(iter(shown["customers"].values()))["customer"]["email"] == "zhang,wei@example.com"


async def test_who_has_no_part_in_a_case_reads_whose_it_is_once_the_history_says_why(
    service: Service,
) -> None:
    path, _ = await service.opened()

    async def phone(person: str) -> str:
        shown = (await service.get(person, path)).json()
        [customer] = shown["customers"].values()
        assert shown["masked"] == ("•" in customer["customer"]["phone"])
        return str(customer["customer"]["phone"])

    owner = (await service.get("gm-1", path)).json()["owner"]
    phones = [await phone(person) for person in (owner, "cr-1", "gm-1")]
    assert phones == ["13800000000", "13800000000", "•••••••0000"]
    wanted = {"reason": " The customer stands in front of me. "}
    answers = [await service.post("gm-1", f"{path}/reveal", "", wanted, key="once") for _ in range(2)]
    for answer in answers:
        assert answer.status_code == OK, answer.text
        [customer] = answer.json()["customers"].values()
        assert customer["customer"]["phone"] == "13800000000"
    assert await phone("gm-1") == "•••••••0000"
    read = (await service.get("cr-1", path)).json()
    [entry] = [entry for entry in read["history"] if entry["event"] == "case.revealed"]
    assert entry["actor"] == "gm-1"
    assert read["texts"][entry["facts"]["text"]] == {"reason": "The customer stands in front of me."}


@pytest.mark.parametrize(
    ("who", "body", "refused"),
    [
        ({"key": "once more"}, {"reason": "because"}, (400, "Idempotency-Key")),
        ({}, {}, (422, "reason")),
        ({}, {"reason": "  "}, (422, "reason")),
        ({}, {"reason": "because", "who": "me"}, (422, "who")),
        ({"person": "gm-south"}, {"reason": "because"}, (404, "No such case")),
    ],
)
async def test_whose_a_case_is_is_not_revealed_without_a_reason_or_to_others(
    service: Service, who: dict[str, str], body: dict[str, str], refused: tuple[int, str]
) -> None:
    path, _ = await service.opened()
    sent = {"person": "gm-1", "key": "a-key", **who}
    answer = await service.post(sent["person"], f"{path}/reveal", "", body, key=sent["key"])
    assert answer.status_code == refused[0]
    assert refused[1] in answer.text
    assert "13800000000" not in answer.text
