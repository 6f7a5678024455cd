"""Holds an answer against the shape that AWS's own model gives it."""

from contextlib import contextmanager

TYPES = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    # AWS writes these with a fraction, `2` as `2.0`.
    "double": float,
    "float": float,
    "timestamp": (int, float),
}


@contextmanager
def answers(client):
    """Collects what a client is answered, with the model of the operation, while it is in use."""
    seen = []

    def note(operation_model, response_dict, **_):
        seen.append((operation_model, response_dict))

    client.meta.events.register("before-parse.api-gateway.*", note)
    try:
        yield seen
    finally:
        client.meta.events.unregister("before-parse.api-gateway.*", note)


def strangers(shape, value, at=""):
    """Where a JSON value has a member or a type that the model does not know."""
    match shape.type_name:
        case "structure":
            members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
            known = [(name, inner) for name, inner in value.items() if name in members]
            unknown = [f"{at}.{name}" for name in value if name not in members]
            return unknown + [it for name, inner in known for it in strangers(members[name], inner, f"{at}.{name}")]
        case "map":
            # A template that passes on what it is given is null.
            given = [(name, inner) for name, inner in value.items() if inner is not None]
            return [it for name, inner in given for it in strangers(shape.value, inner, f"{at}[{name}]")]
        case "list":
            return [it for index, inner in enumerate(value) for it in strangers(shape.member, inner, f"{at}[{index}]")]
        case "blob":
            return []
    right = isinstance(value, TYPES[shape.type_name]) and (shape.type_name == "boolean" or not isinstance(value, bool))
    in_enum = not getattr(shape, "enum", None) or value in shape.enum
    return [] if right and in_enum else [f"{at} = {value!r}"]
