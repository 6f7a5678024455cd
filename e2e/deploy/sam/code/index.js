exports.handler = async (event) => ({ statusCode: 200, body: `pet ${event.pathParameters?.id}` });
