// Updates the warranty of a registration; here it only says what it would do.
exports.update = async (event) => ({
  statusCode: 200,
  headers: { "Access-Control-Allow-Origin": "*" },
  body: JSON.stringify({ registration: event.pathParameters.id, warranty: JSON.parse(event.body ?? "null") }),
});
