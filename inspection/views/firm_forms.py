"""What a firm writes to the authority: some sentences and a paper, whatever they are about."""

from typing import Any

from django import forms

from registration.views.chain_forms import WrittenField
from registration.views.training_forms import scan_field

PAPER_FIELDS = {"file": "paper", "picture": "paper"}
"""Where refusals about the paper stand."""


class SayForm(forms.Form):
    """The words and the paper; `words`, `hint` and `paper` are the labels, in the reader's language."""

    def __init__(
        self, *args: Any, words: Any, paper: Any, longest: int, hint: Any = "", rows: int = 6, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"] = WrittenField(
            label=words,
            help_text=hint,
            max_length=longest,
            widget=forms.Textarea(attrs={"class": "input", "rows": rows}),
        )
        self.fields["paper"] = scan_field(paper)

    @property
    def upload(self) -> tuple[str, bytes] | None:
        """Name and bytes of the paper, if one came."""
        paper = self.cleaned_data["paper"]
        return (paper.name, paper.read()) if paper else None
