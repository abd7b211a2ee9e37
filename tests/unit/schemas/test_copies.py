"""A copy of what people wrote is another text: nothing that was worked out from the first one stays with it."""

from tests.casework import gtmc


def test_a_changed_copy_of_a_policy_has_a_version_and_contents_of_its_own() -> None:
    policy = gtmc().content
    before = policy.version, set(policy.state), set(policy.action)
    changed = policy.model_copy(update={"actions": policy.actions[:1]})
    assert set(changed.action) == {policy.actions[0].id}
    assert changed.version != policy.version
    assert (policy.version, set(policy.state), set(policy.action)) == before


def test_the_model_of_a_form_is_made_once_and_anew_for_a_changed_copy() -> None:
    policy = gtmc().content
    form = policy.forms[0]
    assert policy.model(form.id) is policy.model(form.id)
    assert policy.model(form.id) is not policy.model(form.id, partly=True)
    changed = policy.model_copy(update={"forms": (form.model_copy(update={"fields": form.fields[:1]}),)})
    assert len(changed.model(form.id).model_fields) == 1
    assert len(policy.model(form.id).model_fields) == len(form.fields)
