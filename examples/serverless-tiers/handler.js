const say = (body) => ({ statusCode: 200, body: JSON.stringify(body) });

exports.weather = async (event) => say({ city: event.pathParameters.city, sky: "clear" });

exports.status = async () => say({ up: true });
