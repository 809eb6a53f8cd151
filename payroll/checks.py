"""What must be installed before money moves."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from payroll.bank import schemas

NEEDED = ("pain.001.001.09", "pain.002.001.03", "pain.002.001.12", "camt.053.001.08", "camt.054.001.08")


@register()
def check_schemas(**_: Any) -> list[CheckMessage]:
    """Without the official schemas bank messages would go out and come in unchecked, without a word."""
    missing = [version for version in NEEDED if version not in schemas.files()]
    if not missing:
        return []
    return [
        Error(
            f"银行报文的官方标准文件未安装：{'、'.join(missing)}  "
            f"(the official schemas of bank messages are not installed: {', '.join(missing)})",
            hint="pip install --no-deps --require-hashes -r requirements/schemas.txt",
            id="payroll.E001",
        )
    ]
