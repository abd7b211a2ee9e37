"""A small world for tests: a manufacturer, a dealer group, two shops with staff, and their complaints."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from schemas.contacts import ContactReceived, Customer, Vehicle
from schemas.directory import DirectoryFile, Person, Post
from schemas.vocabulary import Role

MONDAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
HOURS = {day: [["08:30", "17:30"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}
CALENDAR = {"zone": "Asia/Shanghai", "holidays": "CN", "hours": HOURS}

LEVELS: list[dict[str, Any]] = [
    {"id": "general", "title": {"zh": "一般投诉", "en": "general complaint"}},
    {"id": "major_preliminary", "title": {"zh": "重要预备投诉", "en": "preliminary-major complaint"}},
    {"id": "major", "title": {"zh": "重要投诉", "en": "major complaint"}, "outside_hours": True},
]
SEVERITY: dict[str, Any] = {
    "levels": LEVELS,
    "criteria": [
        {
            "id": "G1",
            "level": "general",
            "title": {"zh": "其他", "en": "Else"},
            "source": "test",
            "default": True,
        }
    ],
}
"""A small severity table: everything is general until somebody says otherwise."""

POSTS: dict[str, tuple[str, Role, str | None]] = {
    "op-1": ("north", "operator", None),
    "op-2": ("north", "operator", None),
    "cr-1": ("north", "dealer_cr_manager", None),
    "dm-service": ("north", "dept_manager", "after_sales"),
    "dm-sales": ("north", "dept_manager", "sales"),
    "sa-1": ("north", "sc_sa", "after_sales"),
    "sa-2": ("north", "sc_sa", "after_sales"),
    "gm-1": ("north", "dealer_gm", None),
    "op-south": ("south", "operator", None),
    "cr-south": ("south", "dealer_cr_manager", None),
    "gm-south": ("south", "dealer_gm", None),
    "mfr-1": ("gtmc", "mfr_cr", None),
    "mfr-2": ("gtmc", "mfr_cr", None),
}


def person(name: str, **changes: Any) -> Person:
    at, role, department = POSTS[name]
    post = Post.model_validate({"at": at, "role": role, "department": department})
    published = {"id": name, "name": name, "email": f"{name}@example.org", "posts": (post,)}
    return Person.model_validate(published | changes)


def people(**changed: Person | None) -> tuple[Person, ...]:
    """Everyone; `op_1=None` leaves somebody out, `op_1=person(...)` changes him."""
    named = {name: changed.get(name.replace("-", "_"), person(name)) for name in POSTS}
    return tuple(one for one in named.values() if one is not None)


def directory_file(**changed: Person | None) -> DirectoryFile:
    name = {"zh": "名称", "en": "Name"}
    shops = [
        {"id": shop, "name": name, "group": "rivers", "calendar": CALENDAR} for shop in ("north", "south")
    ]
    franchise = {"manufacturer": "gtmc", "region": "east", "policies": {"complaint": "gtmc"}}
    return DirectoryFile.model_validate(
        {
            "manufacturers": [{"id": "gtmc", "name": name, "calendar": CALENDAR}],
            "groups": [{"id": "rivers", "name": name}],
            "shops": shops,
            "franchises": [
                {"id": "north-gtmc", "shop": "north", "brand": "gtmc", **franchise},
                {"id": "south-gtmc", "shop": "south", "brand": "gtmc", **franchise},
                {"id": "south-other", "shop": "south", "brand": "other", **franchise},
            ],
            "people": people(**changed),
        }
    )


def a_contact(narrative: str = "空调有异响,请检查", **changes: Any) -> ContactReceived:
    """A general complaint about a noise, at shop north, five minutes ago."""
    case: UUID = changes.pop("case_id", None) or uuid4()
    fields: dict[str, Any] = {
        "id": uuid5(case, f"contact:{narrative}"),
        "case_id": case,
        "occurred_at": MONDAY,
        "case_number": str(case)[:14].upper(),
        "caller": "north",
        "channel": "onsite",
        "shop": "north",
        "received_at": MONDAY - timedelta(minutes=5),
        "customer": Customer(name="王女士", phone="13800000000"),
        "vehicle": Vehicle(brand="gtmc", model="Camry"),
        "narrative": narrative,
    }
    return ContactReceived.model_validate(fields | changes)
