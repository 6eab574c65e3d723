"""
Recovery codes: each is accepted once, in place of a code from the app of the second factor.

A code has 80 random bits, so a fast digest is safe. This module writes RecoveryCode.
"""

import re
import secrets

from django.utils import timezone

from chat.models import Person, RecoveryCode
from chat.services.digests import digest_secret

NUMBER = 10
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 characters that people do not confuse: no l, o, 0 and 1
GROUPS, GROUP_LENGTH = 4, 4
_FORM = re.compile(f"[{ALPHABET}]{{{GROUPS * GROUP_LENGTH}}}")


def replace_codes(person: Person) -> list[str]:
    """Replace the recovery codes of a person, and return the new ones. The site can show them only now."""
    codes = [_make_code() for _ in range(NUMBER)]
    RecoveryCode.objects.filter(person=person).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(person=person, digest=_digest(code)) for code in codes)
    return codes


def _make_code() -> str:
    characters = [secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP_LENGTH)]
    return "-".join("".join(characters[start : start + GROUP_LENGTH]) for start in range(0, 16, GROUP_LENGTH))


def use_code(person: Person, text: str) -> bool:
    """Use up the recovery code that a text contains. Return whether it is a code of the person that was not used."""
    code = _simplify(text)
    if not _FORM.fullmatch(code):
        return False
    # One UPDATE uses the code. So of two requests at the same time, only one finds it unused.
    unused = RecoveryCode.objects.filter(person=person, digest=_digest(code), used_at=None)
    return unused.update(used_at=timezone.now()) == 1


def count_codes(person: Person) -> int:
    """Return the number of recovery codes that the person has not used."""
    return RecoveryCode.objects.filter(person=person, used_at=None).count()


def _digest(code: str) -> str:
    return digest_secret(_simplify(code))


def _simplify(text: str) -> str:
    """Return a code without the hyphens and spaces with which people write it."""
    return re.sub(r"[\s-]", "", text[:100]).lower()
