from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0023_uploads")]

    operations = [
        migrations.CreateModel(
            name="Thread",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField()),
                ("count", models.IntegerField(default=0)),
                ("last_number", models.BigIntegerField(default=0)),
                ("last_at", models.DateTimeField(null=True)),
                ("offset", models.BigIntegerField(default=0)),
                ("authors_from", models.BigIntegerField(default=0)),
                (
                    "room",
                    models.ForeignKey(
                        db_index=False, on_delete=models.deletion.CASCADE, related_name="+", to="chat.Room"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ThreadMember",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("followed", "followed"), ("muted", "muted"), ("none", "none")],
                        default="none",
                        max_length=8,
                    ),
                ),
                ("read_number", models.BigIntegerField(default=0)),
                ("replied", models.BigIntegerField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        db_index=False, on_delete=models.deletion.CASCADE, related_name="+", to="chat.Room"
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE, related_name="members", to="chat.Thread"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="message", name="thread_root", field=models.BigIntegerField(editable=False, null=True)
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(thread_root__isnull=False),
                fields=["room", "thread_root", "number"],
                name="replies_in_threads",
            ),
        ),
        migrations.AddConstraint(
            model_name="threadmember",
            constraint=models.UniqueConstraint(fields=("person", "room", "thread"), name="one_member_per_thread"),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.UniqueConstraint(fields=("room", "number"), name="one_thread_per_message"),
        ),
    ]
