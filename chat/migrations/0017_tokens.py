"""Add the scopes, the rooms and the end of tokens, and when each token was used last."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0016_callers'),
    ]

    operations = [
        migrations.AddField(
            model_name='token',
            name='expires_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='token',
            name='only_rooms',
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='token',
            name='rooms',
            field=models.ManyToManyField(editable=False, related_name='tokens', to='chat.Room'),
        ),
        migrations.AddField(
            model_name='token',
            name='scopes',
            field=models.CharField(editable=False, max_length=100, null=True),
        ),
        migrations.AddField(
            model_name='token',
            name='survives_password_change',
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='token',
            name='used_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
