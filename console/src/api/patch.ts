// Patch operations, as AWS's update operations take them.

export interface PatchOperation {
  op: "add" | "replace" | "remove";
  path: string;
  value?: string;
}

export function replace(path: string, value: string | number | boolean): PatchOperation {
  return { op: "replace", path, value: String(value) };
}

export function add(path: string, value: string): PatchOperation {
  return { op: "add", path, value };
}

export function remove(path: string, value?: string): PatchOperation {
  return value === undefined ? { op: "remove", path } : { op: "remove", path, value };
}

/** A name as one segment of a path: JSON pointers give `~` and `/` another meaning. */
export function segment(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** A segment of a path as the name that it was. */
export function unescape(text: string): string {
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}
