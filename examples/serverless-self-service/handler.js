// Three answers of the management API, each behind an administrator's key. The SDK is AWS's own; the environment says
// whom it speaks to (AWS_ENDPOINT_URL).
const {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  GetUsageCommand,
  GetUsagePlanCommand,
  GetUsagePlansCommand,
} = require("@aws-sdk/client-api-gateway");

const gateway = new APIGatewayClient({});

const NAME_LIMIT = 1024;
// Where a whole list ends and goes on at its position: days of keys, of which a plan is as long as ten.
const WHOLE = 100000;
const DAYS_OF_PLAN = 10;

class No extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const say = (statusCode, body) => ({
  statusCode,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

// A function that answers. What is missing is named; what the management API refuses is the caller's to read, with its
// status.
const answering = (work, ...wanted) => async (event) => {
  const sent = Object.entries(event.queryStringParameters ?? {});
  const given = Object.fromEntries(sent.filter(([, value]) => value.trim() !== ""));
  const missing = wanted.filter((name) => !(name in given));
  if (missing.length > 0) return say(400, { message: `missing: ${missing.join(", ")}` });
  try {
    return say(200, await work(given, event));
  } catch (error) {
    const status = error.status ?? error.$metadata?.httpStatusCode;
    if (status >= 400 && status < 500) return say(status, { message: error.message });
    throw error;
  }
};

// Shows `take` the page that was asked for, else all pages, until it has taken so much as a list may have. Returns the
// position of the next page, if there is one.
const pages = async (Command, asked, { limit, position }, take) => {
  const one = limit !== undefined || position !== undefined;
  if (limit !== undefined && !/^-?[0-9]+$/.test(limit)) throw new No(400, "Invalid limit parameter specified");
  const size = one ? limit && Number(limit) : 500;
  for (;;) {
    const page = await gateway.send(new Command({ ...asked, limit: size, position }));
    const taken = take(page);
    position = page.position;
    if (one || position === undefined || taken >= WHOLE) return position;
  }
};

exports.getUsagePlans = answering(async (given) => {
  const items = [];
  const position = await pages(GetUsagePlansCommand, {}, given, (page) => {
    items.push(...(page.items ?? []));
    return items.length * DAYS_OF_PLAN;
  });
  return { items, position };
});

exports.getUsage = answering(
  async ({ from, to, usagePlanId, keyId, ...paging }) => {
    const items = {};
    let days = 0;
    const asked = { startDate: from, endDate: to, usagePlanId, keyId };
    const position = await pages(GetUsageCommand, asked, paging, (page) => {
      Object.assign(items, page.items);
      for (const used of Object.values(page.items ?? {})) days += used.length;
      return days;
    });
    return { usagePlanId, startDate: from, endDate: to, items, position };
  },
  "from",
  "to",
  "usagePlanId",
);

exports.addKey = answering(
  async ({ name, usagePlanId }, event) => {
    if ([...name].length > NAME_LIMIT) throw new No(400, `name has more than ${NAME_LIMIT} characters`);
    const plan = await gateway.send(new GetUsagePlanCommand({ usagePlanId }));
    // Whoever has a key that is given out could make more otherwise.
    if (plan.apiStages?.some(({ apiId }) => apiId === event.requestContext.apiId)) {
      throw new No(403, "Keys of this plan open this API, so that none is given out");
    }
    const { id, value } = await gateway.send(new CreateApiKeyCommand({ name, enabled: true }));
    try {
      await gateway.send(new CreateUsagePlanKeyCommand({ keyId: id, keyType: "API_KEY", usagePlanId }));
    } catch (error) {
      // A key in no plan is of use to nobody.
      await gateway.send(new DeleteApiKeyCommand({ apiKey: id }));
      throw error;
    }
    const message = "Send apiKeyToken as x-api-key with each call. apiKeyId is the keyId of getUsage.";
    return { apiKeyId: id, apiKeyToken: value, message };
  },
  "name",
  "usagePlanId",
);
