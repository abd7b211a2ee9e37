"""A few dozen labelled complaints: each sort in several places and words."""

from itertools import product

from deploy.severity.labelled import Labelled

_SORTS = {
    "M1": (
        "smoke came out of the dashboard",
        "flames under the bonnet",
        "仪表台冒出明火",
        "发动机舱烧起来了",
    ),
    "M4": (
        "the brakes did not hold",
        "the engine died on the road",
        "刹车踩下去没有反应",
        "开着开着突然没动力",
    ),
    "P7": ("I want another car for this", "take the car back", "要求给我换一辆新车", "这车我要退"),
    "G3": ("the door trim squeaks", "the radio forgets its stations", "车门有异响", "收音机经常没声音"),
}
_PLACES = ("in May", "near the mill", "on a wet day", "今天早上", "在家门口", "上周三")


def few_dozen() -> list[Labelled]:
    return [
        Labelled.model_validate({"text": f"{place}, {words}, number {at}.", "criteria": [criterion]})
        for criterion, sorts in _SORTS.items()
        for at, (words, place) in enumerate(product(sorts, _PLACES))
    ]
