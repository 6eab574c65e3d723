"""Add who may call everybody in a room."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0015_archived'),
    ]

    operations = [
        migrations.AddField(
            model_name='room',
            name='callers',
            field=models.CharField(
                choices=[
                    ('everyone', 'everyone'),
                    ('moderators', 'moderators and owners'),
                    ('owners', 'owners'),
                    ('nobody', 'nobody'),
                ],
                max_length=10,
                null=True,
            ),
        ),
    ]
