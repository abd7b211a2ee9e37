"""The rules of the house that neither the linter nor the import contracts can say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
import yaml

from deploy.documents import TOPICS, flows_of_services
from services.common.kafka.client import CLOCK_TOPIC
from services.common.runtime.settings import CommonSettings
from services.desk.settings import Settings as DeskSettings
from services.intake.settings import IntakeSettings
from services.notify.settings import Settings as NotifySettings
from services.routing.settings import Settings as RoutingSettings
from services.sla.settings import Settings as SlaSettings
from tests.syntax import parsed

HOUSE = ("schemas", "services", "deploy")
FILES = sorted(path for folder in HOUSE for path in Path(folder).rglob("*.py"))
CODE = [path for path in FILES if path.name != "__init__.py"]
CLOCK = Path("services/common/runtime/clock.py")
READS_A_CLOCK = re.compile(
    r"\b(datetime\.(now|utcnow|today)|date\.today|time\.(time|monotonic|perf_counter)(_ns)?)\s*\("
)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in CODE}
    assert {path: count for path, count in lines.items() if count > 300} == {}


def test_no_function_is_longer_than_forty_lines_and_half_are_shorter_than_seven() -> None:
    lengths = {f"{path}:{one.lineno} {one.name}": length(one) for path in CODE for one in functions(path)}
    assert {name: count for name, count in lengths.items() if count > 40} == {}
    assert median(lengths.values()) <= 6


@pytest.mark.parametrize("folder", HOUSE)
def test_every_module_says_in_one_line_what_it_is_for(folder: str) -> None:
    silent = [path for path in FILES if path.parts[0] == folder and not _opens_with_its_job(path)]
    assert silent == []


def _opens_with_its_job(path: Path) -> bool:
    text = ast.get_docstring(parsed(path))
    return text is not None and len(text.splitlines()[0]) <= 110


def test_only_one_module_reads_a_clock() -> None:
    readers = [path for path in CODE if path != CLOCK and READS_A_CLOCK.search(path.read_text("utf-8"))]
    assert readers == []


def test_the_topics_declared_are_those_the_services_use() -> None:
    declared = set(yaml.safe_load(TOPICS.read_text("utf-8"))["topics"])
    flows = tuple(flows_of_services())
    written = {topic for flow in flows for topic in flow.written}
    beside = {topic for flow in flows for topics in flow.unhandled.values() for topic in topics}
    assert declared == written | beside | {CLOCK_TOPIC}


def test_every_topic_a_service_reads_is_written_by_some_service() -> None:
    flows = tuple(flows_of_services())
    written = {topic for flow in flows for topic in flow.written}
    read = {topic for flow in flows for topic in flow.read}
    assert {"contacts", "cases", "deadlines", "directory"} <= read
    assert read <= written


def test_every_rule_of_a_policy_names_its_source() -> None:
    files = [yaml.safe_load(path.read_text("utf-8")) for path in Path("deploy/policies").glob("*/*.yaml")]
    sections = ("roles", "actions", "tasks", "ladders", "deadlines")
    entries = [entry for file in files for section in sections for entry in file.get(section, ())]
    entries += [rule for task in entries for rule in task.get("hand_overs", ())]
    entries += [
        rule
        for action in entries
        for rule in action.get("refused", ())
        if isinstance(rule, dict) and "says" in rule
    ]
    assert len(entries) > 100
    assert [each for each in entries if not re.match(r"S[0-4]|D-\d|origin: product", each["source"])] == []


def test_metrics_carry_the_products_name_and_no_case_as_label() -> None:
    code = "\n".join(path.read_text("utf-8") for path in CODE)
    published = re.findall(r'\b(?:Counter|Gauge|Histogram)\(\s*"([^"]+)",\s*"[^"]+",?\s*(\[[^\]]*\])?', code)
    # None is left out because it is written in another way.
    assert len(published) == len(re.findall(r'\b(?:Counter|Gauge|Histogram)\(\s*"', code)) > 0
    assert [name for name, _ in published if not name.startswith("redress_")] == []
    assert [name for name, labels in published if "case" in re.findall(r'"(\w+)"', labels)] == []


@pytest.mark.parametrize(
    "settings", [IntakeSettings, RoutingSettings, SlaSettings, NotifySettings, DeskSettings]
)
def test_every_setting_says_what_it_means(settings: type[CommonSettings]) -> None:
    assert [name for name, field in settings.model_fields.items() if not field.description] == []
