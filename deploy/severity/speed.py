"""Measures what reading complaints of each language costs one core: texts a second, one text alone, and memory."""

import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from statistics import median

from deploy.severity.labelled import Language
from deploy.severity.measuring import BATCH
from schemas.severity import SeverityPolicy, Statement
from services.common.runtime.clock import ticks
from services.routing.domain.severity.detection import Reader
from services.routing.domain.severity.judge import judge
from services.routing.store.severity_files import load_reader

LENGTH = 200
BATCHES, SINGLES = 20, 200


def measure_speed(texts: Mapping[Language, Sequence[str]], policy: SeverityPolicy) -> Iterator[str]:
    """Yields lines for people. Time of the processor is counted, so that a busy machine changes little."""
    reader = load_reader()
    for language, of_language in texts.items():
        yield from (f"{language}: {line}" for line in _measure_language(reader, of_language, policy))
    yield f"{_megabytes():.0f} MB of memory at the most, for the whole process"


def _measure_language(reader: Reader, texts: Sequence[str], policy: SeverityPolicy) -> Iterator[str]:
    pieces = cut_to_length(texts, LENGTH)
    read(reader, list(islice(pieces, BATCH)), policy)
    batches = [list(islice(pieces, BATCH)) for _ in range(BATCHES)]
    spent = [_processor_seconds(reader, batch, policy) for batch in batches]
    yield f"{BATCH / median(spent):.0f} texts of {LENGTH} characters a second and core, in batches of {BATCH}"
    alone = [_seconds(reader, text, policy) for text in islice(pieces, SINGLES)]
    yield f"{1000 * median(alone):.1f} ms for one text, {1000 * sorted(alone)[-SINGLES // 20]:.1f} ms in 95 %"


def cut_to_length(texts: Sequence[str], length: int) -> Iterator[str]:
    """Yields pieces of exactly so many characters, of the texts one after the other, without end."""
    rest = ""
    for text in cycle(texts):
        rest += text + "\n"
        while len(rest) >= length:
            yield rest[:length]
            rest = rest[length:]


def read(reader: Reader, texts: Sequence[str], policy: SeverityPolicy) -> None:
    """Reads and judges texts as the service does."""
    for text, detection in zip(texts, reader.detect(texts), strict=True):
        judge(Statement(text=text), detection, policy)


def _processor_seconds(reader: Reader, texts: Sequence[str], policy: SeverityPolicy) -> float:
    started = time.process_time()
    read(reader, texts, policy)
    return time.process_time() - started


def _seconds(reader: Reader, text: str, policy: SeverityPolicy) -> float:
    started = ticks()
    read(reader, [text], policy)
    return ticks() - started


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
