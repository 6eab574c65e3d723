import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

ACTS = [
    ("role", "role"),
    ("edit", "edit"),
    ("remove", "remove"),
    ("report", "report"),
    ("pin", "pin"),
    ("unpin", "unpin"),
    ("hook", "webhook"),
    ("unhook", "deleted webhook"),
]


class Migration(migrations.Migration):
    dependencies = [("chat", "0025_push")]

    operations = [
        migrations.AddField(model_name="person", name="is_bot", field=models.BooleanField(editable=False, null=True)),
        migrations.AddField(model_name="room", name="is_hooked", field=models.BooleanField(editable=False, null=True)),
        # Choices are no part of the table.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="auditentry", name="act", field=models.CharField(choices=ACTS, max_length=10)
                )
            ]
        ),
        migrations.CreateModel(
            name="Hook",
            fields=[
                ("id", models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("incoming", "incoming"), ("outgoing", "outgoing")], max_length=10),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("used_at", models.DateTimeField(null=True)),
                ("disabled_at", models.DateTimeField(null=True)),
                ("digest", models.CharField(max_length=64, null=True, unique=True)),
                ("url", models.CharField(blank=True, max_length=2000)),
                ("secret", models.CharField(blank=True, max_length=200)),
                (
                    "trigger",
                    models.CharField(
                        blank=True,
                        choices=[("every", "every"), ("words", "words"), ("command", "command")],
                        max_length=10,
                    ),
                ),
                ("words", models.TextField(blank=True)),
                ("failing_since", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="hook", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="hooks", to="chat.Room"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HookDelivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(null=True)),
                ("word", models.CharField(blank=True, max_length=100)),
                ("text", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("sent", "sent"), ("failed", "failed")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("tried_at", models.DateTimeField(null=True)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("milliseconds", models.PositiveIntegerField(null=True)),
                ("error", models.CharField(blank=True, max_length=200)),
                (
                    "hook",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="chat.Hook",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"verbose_name_plural": "hook deliveries"},
        ),
        migrations.CreateModel(
            name="MessageSender",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField()),
                ("name", models.CharField(blank=True, max_length=80)),
                ("icon", models.CharField(blank=True, max_length=64)),
                (
                    "room",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="chat.Room",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="hookdelivery", index=models.Index(fields=["hook", "id"], name="deliveries_of_a_hook")
        ),
        migrations.AddIndex(
            model_name="hookdelivery",
            index=models.Index(condition=models.Q(state="waiting"), fields=["hook", "id"], name="deliveries_waiting"),
        ),
        migrations.AddConstraint(
            model_name="messagesender",
            constraint=models.UniqueConstraint(fields=("room", "number"), name="one_sender_per_message"),
        ),
    ]
