"""One-time codes are good for one purpose: to sign in, to join a site, to sign a contract."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registration", "0006_scope_contracts_to_project")]

    operations = [
        migrations.AddField(
            model_name="logincode",
            name="purpose",
            field=models.CharField(db_default="sign_in", default="sign_in", max_length=40),
        ),
        migrations.AddIndex(
            model_name="logincode",
            index=models.Index(
                fields=["purpose", "-created_at"],
                name="login_code_purpose",
                condition=~models.Q(purpose="sign_in"),
            ),
        ),
    ]
