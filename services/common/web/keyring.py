"""The keys and revocations by which a service believes a token, as desk announces them on topic `keys`.

The last set is kept in a file, so that a service that starts while nobody announces anything believes whom it believed
before.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schemas import keys
from schemas.keys import Entry, Revoked, SignedOut, SigningKey

NONE_KNOWN = "no key is known by which a token could be believed: desk announces one as soon as it runs"


@dataclass(slots=True)
class Keyring:
    """What is announced, by its key on the topic.

    `file` is where the last set is kept, None where nowhere; `noted` is told why nobody can be believed, or nothing.
    `is_read` once all that had been announced is known.
    """

    file: Path | None = None
    noted: Callable[[str], None] = lambda _trouble: None
    public_keys: dict[str, bytes] = field(default_factory=dict)
    signed_out: dict[str, float] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    _announced: dict[str, Entry] = field(default_factory=dict)
    is_read: bool = False

    def __post_init__(self) -> None:
        if self.file is not None and self.file.exists():
            entries = json.loads(self.file.read_text("utf-8"))
            self._go_by({keys.key(entry): entry for entry in map(keys.ADAPTER.validate_python, entries)})

    def changed(self, key: str, entry: Entry | None) -> None:
        """Take what is announced under a key; None where it is taken back."""
        if entry is None:
            self._announced.pop(key, None)
        else:
            self._announced[key] = entry
        if self.is_read:
            self.heed()

    def heed(self) -> None:
        """Go from now on by what is announced; until a key is, by what was kept."""
        self.is_read = True
        if any(isinstance(entry, SigningKey) for entry in self._announced.values()):
            self._go_by(self._announced)
            if self.file is not None:
                keep(self.file, self._announced.values())
        self.noted("" if self.public_keys else NONE_KNOWN)

    def _go_by(self, entries: Mapping[str, Entry]) -> None:
        self.public_keys, self.signed_out, self.revoked = {}, {}, set()
        for entry in entries.values():
            match entry:
                case SigningKey():
                    self.public_keys[entry.id] = keys.decode(entry.public_key)
                case SignedOut():
                    self.signed_out[entry.id] = entry.at.timestamp()
                case Revoked():
                    self.revoked.add(str(entry.id))


def keep(file: Path, entries: Iterable[Entry]) -> None:
    """Write them as a keyring reads them, all or nothing; several services of one machine may keep the same file."""
    written = [entry.model_dump(mode="json") for entry in entries]
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(written, indent=1), "utf-8")
    draft.replace(file)
