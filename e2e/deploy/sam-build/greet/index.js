exports.greet = async (event) => ({ statusCode: 200, body: "hello " + event.pathParameters.name });
