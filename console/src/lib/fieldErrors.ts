// Which field of a form a "no" of the server is about, told by its words.

export interface FieldErrors<Field extends string> {
  fields: Partial<Record<Field, string>>;
  /** What is about no field. */
  rest?: string;
}

/** Puts the server's message beside the first field whose pattern it matches. */
export function fieldErrors<Field extends string>(
  error: Error | null,
  patterns: Record<Field, RegExp>,
): FieldErrors<Field> {
  const fields: Partial<Record<Field, string>> = {};
  if (error === null) return { fields };
  for (const field of Object.keys(patterns) as Field[]) {
    if (patterns[field].test(error.message)) {
      fields[field] = error.message;
      return { fields };
    }
  }
  return { fields, rest: error.message };
}
