// A "no" that is about no single field, in the server's own words.
import Alert from "@cloudscape-design/components/alert";
import type { ReactElement } from "react";
import { ApiError } from "../api/client";

export function ErrorAlert({ error }: { error: Error | null }): ReactElement | null {
  if (error === null) return null;
  const code = error instanceof ApiError ? error.code : undefined;
  return (
    <Alert type="error" header={code}>
      {error.message}
    </Alert>
  );
}
