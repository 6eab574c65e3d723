"""Bring stored reactions into the canonical form of their emoji, and delete reactions that become duplicates."""

import re

import emoji
from django.db import migrations

VARIATIONS = re.compile("[\ufe00-\ufe0f]")


def canonical_forms():
    statuses = {emoji.STATUS["fully_qualified"], emoji.STATUS["component"]}
    forms = [form for form, facts in emoji.EMOJI_DATA.items() if facts["status"] in statuses]
    return {VARIATIONS.sub("", form): form for form in forms}


def unite_reactions(apps, schema_editor):
    reactions = apps.get_model("chat", "Reaction").objects.using(schema_editor.connection.alias)
    forms = canonical_forms()
    for stored in list(reactions.order_by().values_list("emoji", flat=True).distinct()):
        canonical = forms.get(VARIATIONS.sub("", stored), stored)
        if canonical != stored:
            # One at a time: few rows hold another form, and a person may have put both on one message.
            for reaction in reactions.filter(emoji=stored).order_by("id").iterator():
                alike = reactions.filter(message=reaction.message_id, person=reaction.person_id, emoji=canonical)
                if alike.exists():
                    reaction.delete()
                else:
                    reactions.filter(id=reaction.id).update(emoji=canonical)


class Migration(migrations.Migration):

    dependencies = [("chat", "0008_scheduled")]

    operations = [migrations.RunPython(unite_reactions, migrations.RunPython.noop, elidable=True)]
