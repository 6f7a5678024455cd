// Runs a JavaScript function: asks the Runtime API for events, hands them to the handler, posts what it returns.

import { existsSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const { AWS_LAMBDA_RUNTIME_API: API, LAMBDA_TASK_ROOT: TASK_ROOT, _HANDLER: HANDLER } = process.env;
const ROOT = "/2018-06-01/runtime";
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

/** Asks the Runtime API: headers and body of its answer. */
function ask(method, where, body, headers = {}) {
  const [host, port] = API.split(":");
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
    const options = { host, port, method, path: ROOT + where, agent, headers: { ...headers, ...length } };
    const request = http.request(options, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => resolve({ headers: answer.headers, body: Buffer.concat(chunks).toString() }));
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

class Unloadable extends Error {
  constructor(kind, message) {
    super(message);
    this.name = kind;
  }
}

/** An error as Lambda shows it. Anything may be thrown, so that anything is shown. */
function describe(error) {
  if (error instanceof Error || (typeof error === "object" && error !== null && "message" in error)) {
    const trace = String(error.stack ?? "").split("\n");
    return { errorType: String(error.name ?? "Error"), errorMessage: String(error.message), trace };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

async function importModule(file) {
  const found = ["", ".js", ".mjs", ".cjs"].map((end) => file + end).find((name) => path.extname(name) && existsSync(name));
  if (!found) throw new Unloadable("Runtime.ImportModuleError", `Error: Cannot find module '${path.basename(file)}'`);
  try {
    // `require` takes what it can, as on Lambda: a file `.js` is an ES module only where its package says so.
    return found.endsWith(".mjs") ? await import(pathToFileURL(found)) : createRequire(found)(found);
  } catch (error) {
    if (error?.code === "ERR_REQUIRE_ESM" || error?.code === "ERR_REQUIRE_ASYNC_MODULE") {
      return import(pathToFileURL(found));
    }
    if (error instanceof SyntaxError) throw new Unloadable("Runtime.UserCodeSyntaxError", `SyntaxError: ${error.message}`);
    if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code)) {
      throw new Unloadable("Runtime.ImportModuleError", `Error: ${error.message}`);
    }
    throw error;
  }
}

/** The handler `folder/file.export.nested`. */
async function load(name) {
  const [, folder, file, exported] = /^(.*\/)?([^./]+)\.(.+)$/.exec(name) ?? [];
  if (!file || name.includes("..")) throw new Unloadable("Runtime.MalformedHandlerName", `Bad handler '${name}'`);
  const module = await importModule(path.resolve(TASK_ROOT, folder ?? "", file));
  const find = (from) => exported.split(".").reduce((object, key) => object?.[key], from);
  const handler = find(module) ?? find(module.default);
  if (typeof handler !== "function") {
    throw new Unloadable("Runtime.HandlerNotFound", `${name} is undefined or not exported`);
  }
  return handler;
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

/** What to do when nothing is left for the event loop to do. */
let whenEmpty;
process.on("beforeExit", () => whenEmpty?.());

/** Runs a handler, which answers by a promise or by a callback. */
async function run(handler, event, context) {
  try {
    return await new Promise((resolve, reject) => {
      const settle = (error, value) => (error === undefined || error === null ? resolve(value) : reject(error));
      const callback = (error, value) => {
        if (context.callbackWaitsForEmptyEventLoop) whenEmpty = () => settle(error, value);
        else settle(error, value);
      };
      const fail = (error) => reject(error ?? new Error("null"));
      Object.assign(context, { done: settle, succeed: resolve, fail });
      // One whose event loop runs empty without an answer answers null, as on Lambda.
      whenEmpty = () => resolve(null);
      const returned = handler(event, context, callback);
      if (typeof returned?.then === "function") returned.then(resolve, reject);
    });
  } finally {
    whenEmpty = undefined;
  }
}

function marshal(value) {
  try {
    return JSON.stringify(value === undefined ? null : value) ?? "null";
  } catch (error) {
    throw new Unloadable("Runtime.MarshalError", `Unable to stringify response body: ${error.message}`);
  }
}

/** What a call ends in: the part of the path it is posted to, and the body. */
async function answer(handler, event, context) {
  try {
    return ["response", marshal(await run(handler, JSON.parse(event), context))];
  } catch (error) {
    const shown = describe(error);
    console.error(`ERROR\tInvoke Error\t${JSON.stringify(shown)}`);
    return ["error", JSON.stringify(shown)];
  }
}

async function end(where, error) {
  const shown = describe(error);
  console.error(`ERROR\t${shown.errorType}\t${JSON.stringify(shown)}`);
  const headers = { "Lambda-Runtime-Function-Error-Type": shown.errorType };
  await ask("POST", where, JSON.stringify(shown), headers).finally(() => process.exit(1));
}

let current;
function uncaught(kind) {
  return (error) => {
    const shown = Object.assign(new Error(String(error?.message ?? error)), { name: kind, stack: error?.stack });
    return end(current ? `/invocation/${current}/error` : "/init/error", shown);
  };
}
process.on("uncaughtException", uncaught("Runtime.UncaughtException"));
process.on("unhandledRejection", uncaught("Runtime.UnhandledPromiseRejection"));

const handler = await load(HANDLER).catch((error) => end("/init/error", error));
for (;;) {
  const next = await ask("GET", "/invocation/next");
  const context = contextOf(next.headers);
  current = context.awsRequestId;
  const [kind, body] = await answer(handler, next.body, context);
  await ask("POST", `/invocation/${current}/${kind}`, body, { "Content-Type": "application/json" });
  current = undefined;
}
