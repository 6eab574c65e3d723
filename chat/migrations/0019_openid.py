"""Add external logins, and invitations that are for an account."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0018_second_factor'),
    ]

    operations = [
        migrations.CreateModel(
            name='ExternalLogin',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issuer', models.CharField(max_length=300)),
                ('subject', models.CharField(max_length=255)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('person', models.ForeignKey(
                    on_delete=django.db.models.deletion.CASCADE,
                    related_name='external_logins',
                    to=settings.AUTH_USER_MODEL,
                )),
            ],
        ),
        migrations.AddConstraint(
            model_name='externallogin',
            constraint=models.UniqueConstraint(fields=('issuer', 'subject'), name='one_person_per_subject'),
        ),
        migrations.AddConstraint(
            model_name='externallogin',
            constraint=models.UniqueConstraint(fields=('issuer', 'person'), name='one_subject_per_person'),
        ),
        migrations.AlterField(
            model_name='accountentry',
            name='act',
            field=models.CharField(
                choices=[
                    ('factor_on', 'two-factor sign-in on'),
                    ('factor_off', 'two-factor sign-in off'),
                    ('new_codes', 'new recovery codes'),
                    ('code_used', 'recovery code used'),
                    ('password', 'password changed'),
                    ('reset', 'password reset by e-mail'),
                    ('email', 'e-mail address changed'),
                    ('connected', 'external login connected'),
                    ('disconnected', 'external login disconnected'),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name='invitation',
            name='handle',
            field=models.CharField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name='invitation',
            name='is_from_site',
            field=models.BooleanField(null=True),
        ),
        # During a deploy, a worker of the previous version answers 500 for a link without a room, and changes nothing.
        migrations.AlterField(
            model_name='invitation',
            name='room',
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name='invitations',
                to='chat.Room',
            ),
        ),
    ]
