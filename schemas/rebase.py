"""How open cases of an earlier version of a policy go on by this one: what its names became."""

from schemas.base import Identifier, Strict
from schemas.vocabulary import ActionName, FormName, Ladder, Level, Role, State, TaskKind


class RebaseSpec(Strict):
    """What earlier names are called now; one that is not listed keeps its name, and has to be there still."""

    states: dict[Identifier, State] = {}
    roles: dict[Identifier, Role] = {}
    levels: dict[Identifier, Level] = {}
    tasks: dict[Identifier, TaskKind] = {}
    actions: dict[Identifier, ActionName] = {}
    forms: dict[Identifier, FormName] = {}
    ladders: dict[Identifier, Ladder] = {}
