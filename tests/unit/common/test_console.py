"""What a person at a console reads when a command cannot do its work: one line, in time."""

import logging
import re
from collections.abc import Iterator

import pytest
from aiokafka.errors import KafkaConnectionError
from click.testing import CliRunner
from pymongo.errors import OperationFailure, ServerSelectionTimeoutError

from deploy.local.addresses import free_port
from deploy.redress import main
from services.common.runtime.error_texts import mendable
from services.common.runtime.settings import CommonSettings, SettingsError

SAID = "127.0.0.1:9: [Errno 111] Connection refused (configured timeouts: connectTimeoutMS: 20000.0ms), Timeout: 5.0s"


@pytest.fixture
def _logging_as_it_was() -> Iterator[None]:
    """A command tells by way of the root logger."""
    root, drivers = logging.getLogger(), ("aiokafka", "kafka", "pymongo")
    handlers, level, levels = root.handlers[:], root.level, [logging.getLogger(one).level for one in drivers]
    yield
    root.handlers[:], root.level = handlers, level
    for name, before in zip(drivers, levels, strict=True):
        logging.getLogger(name).setLevel(before)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (KafkaConnectionError("away"), "gave up on Kafka (REDRESS_KAFKA): KafkaConnectionError: away"),
        (
            ServerSelectionTimeoutError(SAID),
            "gave up on the store (REDRESS_MONGO): 127.0.0.1:9: [Errno 111] Connection refused",
        ),
        (OperationFailure("no"), "gave up on the store (REDRESS_MONGO): no"),
        (TimeoutError("2 events were not acknowledged"), "gave up: 2 events were not acknowledged"),
        (TimeoutError(), "gave up: no answer in time"),
        (SettingsError("REDRESS_KAFKA should be host:port"), "REDRESS_KAFKA should be host:port"),
        (ExceptionGroup("two", [TimeoutError(), TimeoutError()]), "gave up: no answer in time"),
        (KeyError("owner"), None),
        (ExceptionGroup("two", [TimeoutError(), KeyError("owner")]), None),
    ],
)
def test_what_an_operator_can_mend_is_one_line_and_a_fault_of_ours_is_none(
    error: Exception, line: str | None
) -> None:
    assert mendable(error) == line


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("REDRESS_KAFKA", "127.0.0.1", "should be host:port, several of them with commas between"),
        ("REDRESS_KAFKA", "a:1,b", "should be host:port, several of them with commas between"),
        ("REDRESS_MONGO", "127.0.0.1:27017", "should begin with mongodb:// or mongodb+srv://"),
        ("REDRESS_TIME_SCALE", "fast", "should be a valid number"),
        ("REDRESS_INSTANCE", "-1", "should be greater than or equal to 0"),
    ],
)
def test_a_wrong_value_is_told_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=re.escape(f"{variable} {said}")):
        CommonSettings()


@pytest.mark.parametrize("value", ["127.0.0.1:9092", "a.example:9092,b.example:9092", "[::1]:9092"])
def test_one_server_or_several_are_right(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("REDRESS_KAFKA", value)
    assert CommonSettings().kafka == value


@pytest.mark.usefixtures("_logging_as_it_was")
@pytest.mark.whole
def test_a_command_says_what_it_waits_for_and_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.dead.PATIENCE", 0.5)
    said = CliRunner().invoke(main, ["dead", "list"], env={"REDRESS_KAFKA": f"127.0.0.1:{free_port()}"})
    waits, gives_up = said.output.splitlines()
    assert waits.startswith("waits and tries again: reach Kafka: KafkaConnectionError: Unable to bootstrap")
    assert gives_up.startswith("Error: gave up on Kafka (REDRESS_KAFKA): KafkaConnectionError")
    assert said.exit_code == 1


@pytest.mark.usefixtures("_logging_as_it_was")
def test_a_command_with_a_wrong_setting_says_so() -> None:
    said = CliRunner().invoke(main, ["dead", "list"], env={"REDRESS_MONGO": "nonsense"})
    assert (said.exit_code, said.output) == (
        1,
        "Error: REDRESS_MONGO should begin with mongodb:// or mongodb+srv://\n",
    )
