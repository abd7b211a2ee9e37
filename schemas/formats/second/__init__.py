"""Format 2 to format 3: roles, states, actions and tasks that were the same for all, and now are policy.

A hand-over and the manufacturer's support had a mechanism each; they become tasks. What people may do stood in no policy, and
is said by each now as it was for all.
"""

from schemas.formats.second.case_state import upgrade_case
from schemas.formats.second.events import (
    UNSAID,
    show_entry,
    upgrade_contact,
    upgrade_entry,
    upgrade_event,
    upgrade_facts,
    upgrade_header,
)
from schemas.formats.second.rules import upgrade_policy, upgrade_published

__all__ = [
    "UNSAID",
    "show_entry",
    "upgrade_case",
    "upgrade_contact",
    "upgrade_entry",
    "upgrade_event",
    "upgrade_facts",
    "upgrade_header",
    "upgrade_policy",
    "upgrade_published",
]
