exports.pets = async () => ({ statusCode: 200, body: JSON.stringify(["cat"]) });
