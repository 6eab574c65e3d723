"""Add profiles, pictures, preferences, and the browsers in which people are signed in."""

from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion
import django.utils.timezone


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0013_people'),
    ]

    operations = [
        migrations.CreateModel(
            name='Picture',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='own_picture', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('digest', models.CharField(db_index=True, max_length=64)),
                ('content', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='Preferences',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='preferences', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('theme', models.CharField(default='system', max_length=10)),
                ('language', models.CharField(blank=True, max_length=10)),
                ('notify', models.CharField(default='mentions', max_length=10)),
                ('sound', models.BooleanField(default=False)),
                ('quiet_from', models.TimeField(null=True)),
                ('quiet_to', models.TimeField(null=True)),
                ('opens_at', models.CharField(default='unread', max_length=10)),
            ],
            options={
                'verbose_name_plural': 'preferences',
            },
        ),
        migrations.CreateModel(
            name='Profile',
            fields=[
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='profile', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('name', models.CharField(blank=True, max_length=64)),
                ('status', models.CharField(blank=True, max_length=100)),
                ('emoji', models.CharField(blank=True, max_length=64, verbose_name='emoji of the status')),
                ('time_zone', models.CharField(blank=True, max_length=64)),
                ('picture', models.CharField(blank=True, editable=False, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='Login',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_key', models.CharField(max_length=40, unique=True)),
                ('agent', models.CharField(blank=True, max_length=200)),
                ('address', models.CharField(blank=True, max_length=45)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='logins', to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
