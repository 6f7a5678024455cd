"""The two kinds of case: one that is done as asked, and one that is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contract.world import World

NO_SUCH_API = "nosuchapi0"
UNKNOWN_API = f"Invalid API identifier specified 000000000000:{NO_SUCH_API}"


@dataclass(frozen=True)
class Done:
    """An operation that succeeds, with the status that AWS's model gives it."""

    operation: str
    #: The arguments, made of a world in which what they name is there.
    arguments: Callable[[World], dict]
    #: Members that the answer has among others; it may depend on the world.
    says: Any = None

    @property
    def name(self):
        return self.operation


@dataclass(frozen=True)
class Refused:
    """An operation that is refused with a status, an error code and a message."""

    operation: str
    arguments: Callable[[World], dict]
    status: int
    code: str
    #: The whole message; it may depend on the world.
    message: Any

    @property
    def name(self):
        return f"{self.operation}-{self.code}"


def bad(operation, arguments, message):
    return Refused(operation, arguments, 400, "BadRequestException", message)


def missing(operation, arguments, message):
    return Refused(operation, arguments, 404, "NotFoundException", message)


def clash(operation, arguments, message):
    return Refused(operation, arguments, 409, "ConflictException", message)


def invalid(operation, arguments, message):
    return Refused(operation, arguments, 400, "ValidationException", message)


def patch(op, path, value=None):
    """The list of one operation."""
    return [{"op": op, "path": path, **({} if value is None else {"value": value})}]


def no_such_api(operation, **others):
    """The refusal of most operations when the API that they are about is not there."""
    return missing(operation, lambda _: {"restApiId": NO_SUCH_API, **others}, UNKNOWN_API)


def of_world(told, world):
    """What a case tells, where it may depend on the world."""
    return told(world) if callable(told) else told


def lacks(said, wanted):
    """Whether an answer lacks members that are wanted of it; maps in it may have more."""
    if isinstance(wanted, dict) and isinstance(said, dict):
        return any(name not in said or lacks(said[name], inner) for name, inner in wanted.items())
    return said != wanted
