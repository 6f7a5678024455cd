// Three answers of the management API, each behind the administrator's key. The SDK is AWS's own; the environment says
// whom it speaks to (AWS_ENDPOINT_URL).
const {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  GetUsageCommand,
  paginateGetUsagePlans,
} = require("@aws-sdk/client-api-gateway");

const gateway = new APIGatewayClient({});

const say = (statusCode, body) => ({ statusCode, body: JSON.stringify(body) });

// A function that answers: what the management API refuses is the caller's to read, with its status.
const answering = (work, ...wanted) => async (event) => {
  const given = event.queryStringParameters ?? {};
  const missing = wanted.filter((name) => !given[name]);
  if (missing.length > 0) return say(400, { message: `missing: ${missing.join(", ")}` });
  try {
    return say(200, await work(given));
  } catch (error) {
    const status = error.$metadata?.httpStatusCode;
    if (status >= 400 && status < 500) return say(status, { message: error.message });
    throw error;
  }
};

exports.getUsagePlans = answering(async () => {
  const plans = [];
  for await (const page of paginateGetUsagePlans({ client: gateway }, {})) plans.push(...(page.items ?? []));
  return plans.map(({ id, name, description, quota, throttle }) => ({ id, name, description, quota, throttle }));
});

exports.getUsage = answering(
  async ({ from, to, usagePlanId, keyId }) => {
    const asked = { startDate: from, endDate: to, usagePlanId, keyId };
    const usage = await gateway.send(new GetUsageCommand(asked));
    return { usagePlanId, startDate: from, endDate: to, items: usage.items ?? {} };
  },
  "from",
  "to",
  "usagePlanId",
);

exports.addKey = answering(
  async ({ name, usagePlanId }) => {
    const key = await gateway.send(new CreateApiKeyCommand({ name, enabled: true }));
    try {
      const joined = { keyId: key.id, keyType: "API_KEY", usagePlanId };
      await gateway.send(new CreateUsagePlanKeyCommand(joined));
    } catch (error) {
      // A key in no plan is of use to nobody.
      await gateway.send(new DeleteApiKeyCommand({ apiKey: key.id }));
      throw error;
    }
    return { id: key.id, value: key.value, name, usagePlanId };
  },
  "name",
  "usagePlanId",
);
