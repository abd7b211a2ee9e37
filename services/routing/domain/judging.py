"""How severe a case is: raised by what is reported, judged by a person, or acting unconfirmed."""

from schemas.cases import CaseJudged, CaseSeverityRaised, Unconfirmed
from schemas.severity import SeverityPolicy
from schemas.vocabulary import Level
from services.common.store.decision import Refusal
from services.routing.domain import tasks
from services.routing.domain.case import Task
from services.routing.domain.draft import Draft
from services.routing.domain.moments import Moment
from services.routing.domain.sayings import Speaker
from services.routing.domain.world import World


def is_graver(level: Level, other: Level | None, policy: SeverityPolicy) -> bool:
    """Whether a level is graver than another, or than none."""
    return other is None or policy.gravity(level) > policy.gravity(other)


def raise_to(
    draft: Draft, level: Level, criteria: tuple[str, ...], unconfirmed: Unconfirmed | None = None
) -> None:
    """Let the case be of a graver level; what a person had confirmed is provisional again."""
    before = draft.case.severity
    draft.set(severity=level, confirmed=False, criteria=criteria)
    draft.publish(
        CaseSeverityRaised, severity=level, previous=before, criteria=criteria, unconfirmed=unconfirmed
    )
    draft.record_history("case.severity_raised", severity=level, previous=before, unconfirmed=unconfirmed)


def act_as_suspected(draft: Draft, task: Task, why: Unconfirmed) -> bool:
    """Let a safety matter act as what it is suspected to be; a person has still to confirm it."""
    case = draft.case
    if not task.safety or case.suspected is None:
        return False
    criteria = draft.policy.severity.rank((*case.criteria, *task.criteria))
    draft.set(suspected=None)
    raise_to(draft, case.suspected, criteria, why)
    return True


def judge(draft: Draft, level: Level, reason: str, moment: Moment, world: World) -> Refusal | None:
    """A named person confirms the severity, and lowers it only with a reason, in the field of that name."""
    case, policy, note = draft.case, draft.policy.severity, moment.said.note
    present = case.suspected or case.severity
    if is_graver(present, level, policy) and reason not in moment.said.texts:
        speaker = Speaker.to(moment.actor or "", case, world)
        return speaker.refusal(
            "lower_with_reason", field=_called(reason, moment, speaker), present=present, level=level
        )
    draft.set(severity=level, confirmed=True)
    _conclude(draft, level, moment.task)
    if is_graver(level, case.severity, policy):
        change = {"severity": level, "previous": case.severity}
        draft.publish(CaseSeverityRaised, criteria=draft.case.criteria, **change)
    draft.publish(CaseJudged, severity=level, previous=case.severity, note=note and note.id)
    draft.record_history("case.judged", severity=level, previous=case.severity)
    return None


def _called(field: str, moment: Moment, speaker: Speaker) -> str:
    """What people call a field of the form that they have filled in."""
    form = speaker.policy.form.get(moment.form or "")
    return speaker.field(form, field) if form else field


def _conclude(draft: Draft, level: Level, answered: Task | None) -> None:
    """A person has said how severe the case is: what was suspected up to that level holds, the rest does not."""
    policy = draft.policy.severity
    asked = draft.case.tasks_of(policy.confirmed_by)
    for task in filter(None, (answered, *asked)):
        suspected = [criterion for criterion in policy.criteria if criterion.id in task.criteria]
        upheld = [one.id for one in suspected if not is_graver(one.level, level, policy)]
        draft.set(criteria=policy.rank((*draft.case.criteria, *upheld)))
    for task in asked:
        tasks.answer(draft, task)
    draft.set(suspected=None)
