// Keys as a CSV file that can be imported again, read page by page.
import Alert from "@cloudscape-design/components/alert";
import Checkbox from "@cloudscape-design/components/checkbox";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useMutation } from "@tanstack/react-query";
import { type ReactElement, useRef, useState } from "react";
import { type ApiKey, listApiKeys } from "../../api/apiKeys";
import type { Page } from "../../api/client";
import { Dialog } from "../../components/Dialog";
import { toCsv } from "../../lib/csv";
import { download } from "../../lib/download";
import { count } from "../../lib/numbers";
import { today } from "../../lib/time";

const PAGE = 500;

export function ExportDialog({ nameQuery, onClose }: { nameQuery: string; onClose: () => void }): ReactElement {
  const [includeValues, setIncludeValues] = useState(false);
  const [read, setRead] = useState(0);
  const stopped = useRef(false);
  const exporting = useMutation({
    mutationFn: async () => {
      const rows: string[][] = [];
      let position: string | undefined;
      do {
        const page: Page<ApiKey> = await listApiKeys({ position, limit: PAGE, nameQuery }, { includeValues });
        rows.push(...page.item.map((key) => row(key, includeValues)));
        setRead(rows.length);
        position = page.position;
      } while (position !== undefined && !stopped.current);
      if (!stopped.current) download(`api-keys-${today()}.csv`, "text/csv", toCsv(header(includeValues), rows));
    },
    onSuccess: onClose,
  });
  return (
    <Dialog
      title="Export keys"
      submit="Export"
      pending={exporting.isPending}
      error={exporting.error}
      onSubmit={() => exporting.mutate()}
      onDismiss={() => {
        stopped.current = true;
        onClose();
      }}
    >
      {nameQuery !== "" && <Alert type="info">Only keys whose names begin with “{nameQuery}”.</Alert>}
      <Checkbox checked={includeValues} onChange={({ detail }) => setIncludeValues(detail.checked)}>
        With their values, so that the file can be imported elsewhere
      </Checkbox>
      {includeValues && <Alert type="warning">Whoever has the file can call as every key in it.</Alert>}
      {exporting.isPending && <StatusIndicator type="in-progress">{count(read)} keys read</StatusIndicator>}
    </Dialog>
  );
}

const header = (includeValues: boolean): string[] =>
  includeValues ? ["name", "key", "description", "enabled"] : ["id", "name", "description", "enabled", "created"];

function row(key: ApiKey, includeValues: boolean): string[] {
  const [name, description, enabled] = [key.name ?? "", key.description ?? "", String(key.enabled)];
  return includeValues
    ? [name, key.value ?? "", description, enabled]
    : [key.id, name, description, enabled, new Date(key.createdDate * 1000).toISOString()];
}
