"""What the management API's refusals look like to boto3."""

import pytest
from botocore.exceptions import ClientError


def refused(operation, **arguments):
    """Status, code and message of the error that an operation answers with."""
    with pytest.raises(ClientError) as caught:
        operation(**arguments)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]


def bad_request(message):
    return 400, "BadRequestException", message


def not_found(message):
    return 404, "NotFoundException", message


def plain(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
