// AWS CLI commands that do what a page does.
/** What is no word or flag is written as JSON. */
type Argument = string | number | boolean | object | undefined;

/** A command of `aws apigateway`. Arguments that are undefined are left out; true is a flag. */
export function aws(command: string, options: Record<string, Argument> = {}): string {
  const parts = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined || value === "") return [];
    const option = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === true) return [option];
    if (value === false) return [`--no-${option.slice(2)}`];
    return [`${option} ${quote(typeof value === "object" ? JSON.stringify(value) : String(value))}`];
  });
  return [`aws apigateway ${command}`, ...parts].join(" \\\n  ");
}

/** A request of what AWS has no operation for, below `/tollgate/v1`, signed with the CLI's own environment. */
export function signedCurl(path: string): string {
  const [region, pair] = ["$AWS_DEFAULT_REGION", "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"];
  const address = `"$AWS_ENDPOINT_URL/tollgate/v1/${path}"`;
  return `curl --aws-sigv4 "aws:amz:${region}:apigateway" --user "${pair}" \\\n  ${address}`;
}

/** A word as a POSIX shell reads it. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
