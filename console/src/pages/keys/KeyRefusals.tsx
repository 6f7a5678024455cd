// The latest refusals of one key.
import type { ReactElement } from "react";
import { RefusalTable } from "../refusals/RefusalTable";
import { useRefusals } from "../refusals/useRefusals";

export function KeyRefusals({ keyId }: { keyId: string }): ReactElement {
  const { data, error } = useRefusals(keyId);
  return <RefusalTable title="Recent refusals" refusals={data} error={error} />;
}
