"""Whose act it is, for acts that only a signed-in person can do."""

from registration.access import not_permitted
from registration.actors import Actor


def user_of(actor: Actor) -> int:
    """The user's number; NotPermitted for anybody who is no signed-in user."""
    if actor.kind != "user" or actor.id is None:
        not_permitted("user")
    return actor.id
