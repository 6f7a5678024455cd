// Imports a file of keys portion by portion: each is taken whole or not at all, and progress shows between them.
import { ApiError } from "../../api/client";
import { type ImportResult, importApiKeys } from "../../api/apiKeys";
import { type Portion, portions } from "../../lib/csv";

/** Rows of a portion: few enough that progress shows, many enough that it is quick. */
const ROWS = 500;

export interface ImportNote {
  id: number;
  /** The rows of the file that it is about; the header is row 1. */
  rows: string;
  refused: boolean;
  message: string;
}

export interface ImportProgress {
  rows: number;
  done: number;
  imported: number;
  failed: number;
  notes: ImportNote[];
}

/** Runs an import. What the server refuses of one portion does not keep the next one. */
export async function importPortions(
  text: string,
  onProgress: (progress: ImportProgress) => void,
): Promise<ImportProgress> {
  const parts = portions(text, ROWS);
  if (parts.length === 0) throw new Error("The file has no rows below its header.");
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  let progress: ImportProgress = { rows, done: 0, imported: 0, failed: 0, notes: [] };
  onProgress(progress);
  for (const part of parts) {
    progress = after(progress, part, await outcome(part.csv));
    onProgress(progress);
  }
  return progress;
}

async function outcome(csv: string): Promise<ImportResult | ApiError> {
  try {
    return await importApiKeys(csv);
  } catch (error) {
    // Without the server there is nothing to go on with.
    if (error instanceof ApiError && error.status !== 0 && error.status !== 401) return error;
    throw error;
  }
}

function after(before: ImportProgress, part: Portion, result: ImportResult | ApiError): ImportProgress {
  const done = before.done + part.rows;
  const note = (rows: string, refused: boolean, message: string, index: number): ImportNote => ({
    id: before.notes.length + index,
    rows,
    refused,
    message,
  });
  if (result instanceof ApiError) {
    const rows = `${part.first + 2}–${part.first + part.rows + 1}`;
    const notes = [...before.notes, note(rows, true, result.message, 0)];
    return { ...before, done, failed: before.failed + part.rows, notes };
  }
  const warnings = result.warnings.map((warning, index) => {
    const [row, message] = placed(warning, part.first);
    return note(row, false, message, index);
  });
  return {
    ...before,
    done,
    imported: before.imported + result.ids.length,
    failed: before.failed + part.rows - result.ids.length,
    notes: [...before.notes, ...warnings],
  };
}

/** A warning `Row 3: …` of a portion, with the row that it has in the whole file. */
function placed(warning: string, first: number): [row: string, message: string] {
  const [, row, message] = /^Row (\d+): (.*)$/s.exec(warning) ?? [];
  return row === undefined || message === undefined ? ["", warning] : [String(Number(row) + first), message];
}
