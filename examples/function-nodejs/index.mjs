/** Answers a call that comes through a proxy integration. */
export const handler = async (event) => {
  const { name } = event.pathParameters;
  const { page } = event.queryStringParameters ?? {};
  if (name === "nobody") throw new Error("there is nobody here");
  return {
    statusCode: event.httpMethod === "POST" ? 201 : 200,
    headers: { "X-Stage": event.requestContext.stage },
    body: JSON.stringify({ hello: name, page, sent: event.body }),
  };
};
