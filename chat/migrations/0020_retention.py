"""Add what retention needs: rules, holds, a log, and what each room keeps. Add the epoch of rooms."""

from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion
import django.utils.timezone


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0019_openid'),
    ]

    operations = [
        migrations.CreateModel(
            name='RetentionEntry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('act', models.CharField(choices=[('set', 'set'), ('remove', 'remove'), ('hold', 'hold'), ('release', 'release'), ('run', 'run')], max_length=10)),
                ('target', models.CharField(max_length=60)),
                ('days', models.PositiveIntegerField(null=True)),
                ('messages', models.BigIntegerField(default=0)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('actor', models.CharField(max_length=100)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.AddField(
            model_name='room',
            name='epoch',
            field=models.CharField(editable=False, max_length=32, null=True),
        ),
        migrations.AddField(
            model_name='room',
            name='kept_days',
            field=models.PositiveIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='room',
            name='kept_from',
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name='RetentionRule',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('access', models.CharField(blank=True, choices=[('public', 'public'), ('private', 'private'), ('board', 'board'), ('direct', 'direct')], max_length=10)),
                ('days', models.PositiveIntegerField(null=True)),
                ('set_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('room', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.Room')),
            ],
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500)),
                ('placed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('person', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('room', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='chat.Room')),
            ],
        ),
        migrations.AddConstraint(
            model_name='retentionrule',
            constraint=models.UniqueConstraint(condition=models.Q(room__isnull=True), fields=('access',), name='one_retention_rule_per_kind'),
        ),
    ]
