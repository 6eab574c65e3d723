"""
Add the index of the search (documents, the progress of each room, and the full text of the database), pins, bookmarks
and earlier bodies.
"""

from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion
import django.utils.timezone

import chat.models.search

# A later migration that changes this table on SQLite must run these statements again: Django makes a new table then, and
# a new table has no triggers.
SQLITE = [
    """
    CREATE VIRTUAL TABLE chat_searchindex USING fts5(
        words, content='chat_searchdocument', content_rowid='message_id', tokenize='ascii', columnsize=0, prefix='2 3'
    )
    """,
    """
    CREATE TRIGGER chat_searchdocument_insert AFTER INSERT ON chat_searchdocument BEGIN
        INSERT INTO chat_searchindex (rowid, words) VALUES (new.message_id, new.words);
    END
    """,
    # FTS5 needs the words of a document to delete it.
    """
    CREATE TRIGGER chat_searchdocument_delete AFTER DELETE ON chat_searchdocument BEGIN
        INSERT INTO chat_searchindex (chat_searchindex, rowid, words) VALUES ('delete', old.message_id, old.words);
    END
    """,
    """
    CREATE TRIGGER chat_searchdocument_update AFTER UPDATE ON chat_searchdocument BEGIN
        INSERT INTO chat_searchindex (chat_searchindex, rowid, words) VALUES ('delete', old.message_id, old.words);
        INSERT INTO chat_searchindex (rowid, words) VALUES (new.message_id, new.words);
    END
    """,
]
# A search reads all documents in the pending list one by one, so the list must stay short.
POSTGRESQL = [
    """
    CREATE INDEX chat_searchdocument_words ON chat_searchdocument USING gin (words)
    WITH (gin_pending_list_limit = 512)
    """,
]


def create_index(apps, schema_editor):
    """Create what Django cannot describe."""
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def delete_index(apps, schema_editor):
    """Delete the virtual table of SQLite. The triggers and PostgreSQL's index disappear with the documents."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE chat_searchindex")


def add_pinned_at(apps, schema_editor):
    """Add a column to the messages. Django would copy all messages to a new table on SQLite."""
    kind = "timestamp with time zone" if schema_editor.connection.vendor == "postgresql" else "datetime"
    schema_editor.execute(f"ALTER TABLE chat_message ADD COLUMN pinned_at {kind} NULL")


class AddPinnedAt(migrations.AddField):
    """Adds the column on both databases without a copy of the table."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        add_pinned_at(None, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0011_workspace'),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchDocument',
            fields=[
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='chat.Message')),
                ('digest', models.BigIntegerField()),
                ('words', chat.models.search.WordsField()),
            ],
        ),
        migrations.CreateModel(
            name='SearchDay',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False)),
                ('first_id', models.BigIntegerField()),
                ('last_id', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='SearchProgress',
            fields=[
                ('room', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='chat.Room')),
                ('offset', models.BigIntegerField()),
                ('version', models.IntegerField()),
                ('access', models.CharField(max_length=10)),
            ],
        ),
        migrations.RunPython(create_index, delete_index),
        AddPinnedAt(
            model_name='message',
            name='pinned_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(pinned_at__isnull=False), fields=['room', 'pinned_at'], name='pinned_messages'),
        ),
        migrations.CreateModel(
            name='EarlierBody',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('body', models.TextField()),
                ('replaced_at', models.DateTimeField()),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.Message')),
                ('replaced_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Bookmark',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.Message')),
                ('person', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddConstraint(
            model_name='bookmark',
            constraint=models.UniqueConstraint(fields=('person', 'message'), name='one_bookmark_per_message'),
        ),
        migrations.SeparateDatabaseAndState(
            # The database does not know the choices.
            state_operations=[
                migrations.AlterField(
                    model_name='auditentry',
                    name='act',
                    field=models.CharField(choices=[('role', 'role'), ('edit', 'edit'), ('remove', 'remove'), ('report', 'report'), ('pin', 'pin'), ('unpin', 'unpin')], max_length=10),
                ),
            ],
        ),
    ]
