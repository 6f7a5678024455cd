"""Runs a Python function: asks the Runtime API for events, hands them to the handler, posts what it returns."""

import http.client
import importlib
import json
import os
import sys
import time
import traceback

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
ROOT = "/2018-06-01/runtime"


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    """What a handler knows of its call, under the names of AWS."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = Identity()
        self.client_context = None
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message):
        print(message, flush=True)


class Api:
    """The Runtime API, over one connection that is kept."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(API)

    def ask(self, method, path, body=None, headers=None):
        self.connection.request(method, ROOT + path, body, headers or {})
        answer = self.connection.getresponse()
        return answer, answer.read()


def error(kind, message, trace=()):
    return {"errorMessage": message, "errorType": kind, "stackTrace": list(trace)}


def of_exception(exception, skipped=1):
    """An exception as Lambda shows it; the frames of this file are left out."""
    frames = traceback.extract_tb(exception.__traceback__)[skipped:]
    return error(type(exception).__name__, str(exception), traceback.format_list(frames))


def load(name):
    """The handler, or an exception that says in Lambda's words why there is none."""
    if "." not in name:
        raise Unloadable("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    module_name, attribute = name.rsplit(".", 1)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as cause:
        raise Unloadable("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {cause}") from cause
    except SyntaxError as cause:
        text = f"Syntax error in module '{module_name}': {cause}"
        raise Unloadable("Runtime.UserCodeSyntaxError", text) from cause
    if not callable(getattr(module, attribute, None)):
        raise Unloadable("Runtime.HandlerNotFound", f"Handler '{attribute}' missing on module '{module_name}'")
    return getattr(module, attribute)


class Unloadable(Exception):
    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def answer(handler, event, context):
    """What the call ends in: the part of the path it is posted to, and the body."""
    try:
        returned = handler(json.loads(event), context)
    except Exception as exception:
        return "error", json.dumps(of_exception(exception))
    try:
        return "response", json.dumps(returned)
    except (TypeError, ValueError, RecursionError) as exception:
        return "error", json.dumps(error("Runtime.MarshalError", f"Unable to marshal response: {exception}"))


def initialise(api):
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    try:
        return load(os.environ["_HANDLER"])
    except Unloadable as unloadable:
        failure = error(unloadable.kind, str(unloadable))
    except Exception as exception:
        failure = of_exception(exception)
    sys.stderr.write(f"[ERROR] {failure['errorType']}: {failure['errorMessage']}\n")
    sys.stderr.flush()
    api.ask("POST", "/init/error", json.dumps(failure), {"Lambda-Runtime-Function-Error-Type": failure["errorType"]})
    sys.exit(1)


def main():
    api = Api()
    handler = initialise(api)
    while True:
        head, event = api.ask("GET", "/invocation/next")
        context = Context(head.headers)
        kind, body = answer(handler, event, context)
        sys.stdout.flush()
        sys.stderr.flush()
        headers = {"Content-Type": "application/json"}
        api.ask("POST", f"/invocation/{context.aws_request_id}/{kind}", body.encode(), headers)


main()
