"""Small functions that the tests of several packages share."""

from chat.models import Member


def role_of(handle):
    """Return the role of a person in the only room that the person is in, or None."""
    return Member.objects.filter(person__handle=handle).values_list("role", flat=True).first()


def save(office, path, **fields):
    """Post a form of the admin. Fail with the form's errors if it is not saved."""
    answer = office.post(path, fields)
    assert answer.status_code == 302, answer.context["errors"]
