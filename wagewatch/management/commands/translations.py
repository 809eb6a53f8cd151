"""manage.py translations: compile the message files; --update collects new texts; --check finds gaps."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from wagewatch import translations


class Command(BaseCommand):
    """Compile, update or check the Chinese message files."""

    help = "Compiles the message files. --update adds new texts, --check fails on gaps."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--update", action="store_true", help="add texts that are missing, untranslated")
        parser.add_argument(
            "--check", action="store_true", help="list what is missing, fuzzy or unused, and fail"
        )
        parser.add_argument("--app", action="append", choices=translations.APPS, help="check only this app")

    def handle(self, *args: Any, **options: Any) -> None:
        root = settings.BASE_DIR
        try:
            if options["update"]:
                for app, number in translations.update(root).items():
                    self.stdout.write(f"{app}: {number} new texts")
            if options["check"]:
                problems = translations.check(root, options["app"] or translations.APPS)
                for problem in problems:
                    self.stdout.write(str(problem))
                if problems:
                    raise CommandError(f"{len(problems)} gaps in the translations: see above.")
        except ValueError as error:
            raise CommandError(str(error)) from error
        for path in translations.compile_all(root):
            self.stdout.write(f"compiled {path.relative_to(root)}")
