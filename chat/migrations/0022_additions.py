from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0021_files")]

    operations = [
        migrations.AddField(
            model_name="message", name="additions", field=models.SmallIntegerField(editable=False, null=True)
        )
    ]
