// Refused calls, the latest first.
import Box from "@cloudscape-design/components/box";
import type { ReactElement } from "react";
import type { RefusedCall } from "../../api/operator";
import { ListTable } from "../../components/ListTable";
import { PageLink } from "../../components/PageLink";
import { Timestamp } from "../../components/Timestamp";
import { level } from "./levels";

interface RefusalTableProps {
  title: string;
  refusals: RefusedCall[] | undefined;
  error: Error | null;
}

export function RefusalTable({ title, refusals, error }: RefusalTableProps): ReactElement {
  return (
    <ListTable
      title={title}
      items={refusals}
      error={error}
      rowId={(call) => call.requestId}
      text={(call) => `${call.requestId} ${call.path} ${call.keyName ?? ""} ${call.reason} ${level(call.level).name}`}
      empty="No call was refused lately."
      columns={[
        { id: "at", header: "Time", wide: true, by: (call) => call.at, cell: (call) => <Timestamp millis={call.at} /> },
        {
          id: "level",
          header: "Refused by",
          wide: 140,
          by: (call) => level(call.level).name,
          cell: (call) => level(call.level).name,
        },
        { id: "status", header: "Status", by: (call) => call.status, cell: (call) => call.status },
        {
          id: "call",
          header: "Call",
          cell: (call) => <Box variant="code">{`${call.method} ${call.path || "/"}`}</Box>,
        },
        {
          id: "key",
          header: "Key",
          cell: (call) =>
            call.keyId === null ? (
              "–"
            ) : (
              <PageLink to={`/api-keys/${call.keyId}`}>{call.keyName ?? call.keyId}</PageLink>
            ),
        },
        {
          id: "request",
          header: "Request ID",
          cell: (call) => <PageLink to={`/refusals?request=${call.requestId}`}>{call.requestId.slice(0, 8)}…</PageLink>,
        },
      ]}
    />
  );
}
