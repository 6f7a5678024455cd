// A client for one deployed API. It needs nothing but fetch: browsers, Node 18 and later, Deno and Bun have it.
(function (exports) {
  "use strict";

  const DEFAULT_INVOKE_URL = "INVOKE_URL";

  // Puts params into the path: {id} takes one segment, {proxy+} as many as it is given.
  function fillIn(path, params) {
    return path.replace(/\{([^}+]+)(\+?)\}/g, (_, name, greedy) => {
      if (params[name] === undefined) throw new Error(`The parameter ${name} is missing`);
      const value = String(params[name]);
      return greedy ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
    });
  }

  function queryString(names, params, additional) {
    const query = new URLSearchParams();
    const add = (name, value) => [].concat(value).forEach((one) => query.append(name, one));
    names.filter((name) => params[name] !== undefined).forEach((name) => add(name, params[name]));
    Object.entries(additional || {}).forEach(([name, value]) => add(name, value));
    const text = query.toString();
    return text && `?${text}`;
  }

  async function read(response) {
    const text = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get("content-type") || "");
    if (!isJson) return text;
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }

  // Makes a client. config: { apiKey, invokeUrl, headers }, all optional.
  function newClient(config = {}) {
    const base = (config.invokeUrl || DEFAULT_INVOKE_URL).replace(/\/+$/, "");

    async function call(request, params = {}, body, additional = {}) {
      const headers = { ...config.headers };
      if (config.apiKey) headers["x-api-key"] = config.apiKey;
      for (const name of request.headers) {
        if (params[name] !== undefined) headers[name] = String(params[name]);
      }
      Object.assign(headers, additional.headers);
      const hasBody = body !== undefined && body !== null && body !== "" && !["GET", "HEAD"].includes(request.verb);
      const isText = typeof body === "string" || body instanceof Uint8Array;
      const hasType = Object.keys(headers).some((name) => name.toLowerCase() === "content-type");
      if (hasBody && !hasType) headers["Content-Type"] = "application/json";
      const url = base + fillIn(request.path, params) + queryString(request.query, params, additional.queryParams);
      const response = await fetch(url, {
        method: request.verb,
        headers,
        body: hasBody ? (isText ? body : JSON.stringify(body)) : undefined,
      });
      const result = {
        status: response.status,
        statusText: response.statusText,
        headers: Object.fromEntries(response.headers),
        data: await read(response),
      };
      if (response.ok) return result;
      const error = new Error(`${request.verb} ${request.path} answered ${response.status}`);
      throw Object.assign(error, result, { response: result });
    }

    return {
      // FUNCTIONS
    };
  }

  exports.apigClientFactory = { newClient };
})(typeof module === "object" && module.exports ? module.exports : globalThis);
