"""Add skeletons of handles, browsers of guests, known places of accounts, and rooms that are closed to guests."""

from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion
import django.utils.timezone

from chat.models import make_handle_skeleton

def store_skeletons(apps, schema_editor):
    """
    Store the skeleton of each handle.

    If the handles of several people look alike, only one person gets the skeleton: an account rather than a guest, and
    the older row rather than the newer. The other people keep their handles and keys, and can log in as before.
    """
    alias = schema_editor.connection.alias
    people = apps.get_model("chat", "Person").objects.using(alias).exclude(handle_key=None).order_by("is_guest", "id")
    _store(people, [(id, None, handle) for id, handle in people.values_list("id", "handle")])
    visitors = apps.get_model("chat", "Visitor").objects.using(alias).exclude(handle_key=None).order_by("id")
    _store(visitors, list(visitors.values_list("id", "board_id", "person__handle")))


def _store(rows, named):
    """Store the skeletons of `named`, a list of (id, place, handle): each skeleton once in each place."""
    taken = set()
    for id, place, handle in named:
        skeleton = make_handle_skeleton(handle)
        if (place, skeleton) not in taken:
            taken.add((place, skeleton))
            rows.filter(id=id).update(handle_skeleton=skeleton)


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0009_canonical_emoji'),
    ]

    operations = [
        migrations.CreateModel(
            name='KnownPlace',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('seen_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.AddField(
            model_name='person',
            name='browser',
            field=models.CharField(db_index=True, editable=False, max_length=64, null=True),
        ),
        migrations.AddField(
            model_name='person',
            name='handle_skeleton',
            field=models.CharField(editable=False, max_length=128, null=True, unique=True),
        ),
        migrations.AddField(
            model_name='room',
            name='closed_to_guests',
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name='visitor',
            name='handle_skeleton',
            field=models.CharField(max_length=128, null=True),
        ),
        migrations.AddConstraint(
            model_name='visitor',
            constraint=models.UniqueConstraint(fields=('board', 'handle_skeleton'), name='one_skeleton_per_board'),
        ),
        migrations.AddField(
            model_name='knownplace',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='known_places', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='knownplace',
            constraint=models.UniqueConstraint(fields=('person', 'digest'), name='one_place_per_person'),
        ),
        migrations.RunPython(store_skeletons, migrations.RunPython.noop),
    ]
