"""
Add the workspace: counts of posts, mentions, notification levels, favourites, direct conversations, and blocks.

Messages that are stored already get no Mention rows: their bodies still say whom they mention, and only newer messages
count as mentions. So the time of this migration does not depend on the number of messages, except for one scan.
"""

from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion
import django.utils.timezone


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0010_handles'),
    ]

    operations = [
        migrations.CreateModel(
            name='Block',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('number', models.BigIntegerField()),
                ('is_named', models.BooleanField(default=True)),
                ('silent', models.BooleanField(default=False)),
            ],
        ),
        migrations.AddField(
            model_name='member',
            name='favourite',
            field=models.IntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='member',
            name='level',
            field=models.CharField(choices=[('all', 'all'), ('mentions', 'mentions'), ('none', 'none')], editable=False, max_length=10, null=True),
        ),
        # Django copies the whole table to add a column in SQLite. These statements only change the table's definition.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL('ALTER TABLE chat_message ADD COLUMN audience varchar(4) NULL', migrations.RunSQL.noop),
                migrations.RunSQL('ALTER TABLE chat_message ADD COLUMN mentioned integer NULL', migrations.RunSQL.noop),
            ],
            state_operations=[
                migrations.AddField(
                    model_name='message',
                    name='audience',
                    field=models.CharField(choices=[('all', 'all'), ('here', 'here')], editable=False, max_length=4, null=True),
                ),
                migrations.AddField(
                    model_name='message',
                    name='mentioned',
                    field=models.IntegerField(editable=False, null=True),
                ),
            ],
        ),
        migrations.AddField(
            model_name='room',
            name='people_key',
            field=models.CharField(editable=False, max_length=200, null=True, unique=True),
        ),
        migrations.AddField(
            model_name='room',
            name='posts',
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='room',
            name='access',
            field=models.CharField(choices=[('public', 'public'), ('private', 'private'), ('board', 'board'), ('direct', 'direct')], default='public', max_length=10),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(audience__isnull=False), fields=['room', 'number'], name='calls_to_everybody'),
        ),
        migrations.AddField(
            model_name='mention',
            name='person',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='mention',
            name='room',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='chat.Room'),
        ),
        migrations.AddField(
            model_name='block',
            name='blocked',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='block',
            name='person',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='blocks', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='mention',
            index=models.Index(fields=['room', 'number'], name='mentions_of_a_message'),
        ),
        migrations.AddIndex(
            model_name='mention',
            index=models.Index(fields=['person', 'id'], name='mentions_of_a_person'),
        ),
        migrations.AddConstraint(
            model_name='mention',
            constraint=models.UniqueConstraint(fields=('person', 'room', 'number'), name='one_mention_per_message'),
        ),
        migrations.AddConstraint(
            model_name='block',
            constraint=models.UniqueConstraint(fields=('person', 'blocked'), name='one_block_per_pair'),
        ),
    ]
