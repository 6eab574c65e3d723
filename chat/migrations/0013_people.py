"""Add the browser of each visitor of a board, and a table of the former slugs of private rooms."""

from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0012_search'),
    ]

    operations = [
        migrations.AddField(
            model_name='visitor',
            name='browser',
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
        migrations.CreateModel(
            name='FormerSlug',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(db_index=True, max_length=50)),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='former_slugs', to='chat.Room')),
            ],
        ),
    ]
