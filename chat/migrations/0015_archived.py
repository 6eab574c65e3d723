"""Add archived rooms."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0014_profiles'),
    ]

    operations = [
        migrations.AddField(
            model_name='room',
            name='archived',
            field=models.BooleanField(null=True),
        ),
    ]
