"""Create the table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            name="Received",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("client", models.CharField(max_length=40)),
                ("number", models.IntegerField()),
                ("times", models.IntegerField(default=1)),
                ("half", models.CharField(max_length=10)),
            ],
            options={"unique_together": {("client", "number")}},
        )
    ]
