"""Says who a token belongs to, and what its holder may call."""

TEAMS = {"Bearer alice": "admins", "Bearer bob": "readers"}


def handler(event, _context):
    team = TEAMS.get(event["authorizationToken"])
    if team is None:
        raise Exception("Unauthorized")  # the one message that API Gateway answers with a 401
    arn = event["methodArn"].split("/")
    everything, reading = "/".join([*arn[:2], "*"]), "/".join([*arn[:2], "GET", "pets", "list"])
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow",
        "Resource": everything if team == "admins" else reading,
    }
    return {
        "principalId": event["authorizationToken"].removeprefix("Bearer "),
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"team": team},
    }
