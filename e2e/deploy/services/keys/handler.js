exports.answer = async (event) => ({
  statusCode: 200,
  body: JSON.stringify({ path: event.path, id: event.pathParameters?.id, stage: process.env.STAGE }),
});
