// CSV as RFC 4180 has it: writing tables, and reading files of keys in portions.

/** A table as CSV. Cells that a spreadsheet would run as a formula are made text. */
export function toCsv(header: string[], rows: (string | number | boolean)[][]): string {
  const cell = (value: string | number | boolean): string => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Splits CSV text into its records, unparsed: a line break within quotes does not end one. */
export function records(text: string): string[] {
  const found: string[] = [];
  let [start, quoted] = [0, false];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (character === "\n" && !quoted) {
      push(text.slice(start, at));
      start = at + 1;
    }
  }
  push(text.slice(start));
  return found;

  function push(record: string): void {
    const trimmed = record.endsWith("\r") ? record.slice(0, -1) : record;
    if (trimmed.trim() !== "") found.push(trimmed);
  }
}

/** A part of a file of keys that is a file of keys itself. */
export interface Portion {
  csv: string;
  /** Its rows, without the header. */
  rows: number;
  /** The place of its first row among all rows. */
  first: number;
}

/** Cuts a file of keys into portions that can be imported one after the other. */
export function portions(text: string, rowsEach: number): Portion[] {
  const [header, ...rows] = records(text.startsWith("\uFEFF") ? text.slice(1) : text);
  if (header === undefined) return [];
  const found: Portion[] = [];
  for (let first = 0; first < rows.length; first += rowsEach) {
    const part = rows.slice(first, first + rowsEach);
    found.push({ csv: [header, ...part].join("\n") + "\n", rows: part.length, first });
  }
  return found;
}
