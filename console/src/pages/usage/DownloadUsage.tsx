// Usage as a file.
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { useMutation } from "@tanstack/react-query";
import type { ReactElement } from "react";
import type { UsagePlan } from "../../api/usagePlans";
import { toCsv } from "../../lib/csv";
import { download } from "../../lib/download";
import { type KeyUsage, usageRows } from "../../lib/usageTable";
import { useNotify } from "../../shell/Notifications";
import type { KeyNames } from "./keyNames";
import type { Range } from "./RangePicker";

interface DownloadUsageProps {
  plan: UsagePlan;
  keys: KeyUsage[];
  /** Names of the keys, read when they are needed. */
  names: () => Promise<KeyNames>;
  range: Range;
}

const COLUMNS = ["keyId", "keyName", "day", "used", "remaining"];

export function DownloadUsage({ plan, keys, names, range }: DownloadUsageProps): ReactElement {
  const notify = useNotify();
  const name = `usage-${plan.name}-${range.startDate}-${range.endDate}`;
  const csv = useMutation({
    mutationFn: async () => download(`${name}.csv`, "text/csv", toCsv(COLUMNS, usageRows(keys, await names()))),
    onError: (error) => notify("error", error.message),
  });
  return (
    <ButtonDropdown
      loading={csv.isPending}
      items={[
        { id: "csv", text: "CSV" },
        { id: "json", text: "JSON" },
      ]}
      onItemClick={({ detail }) => {
        if (detail.id === "csv") {
          csv.mutate();
        } else {
          const document = { usagePlanId: plan.id, ...range, keys };
          download(`${name}.json`, "application/json", JSON.stringify(document, null, 2));
        }
      }}
    >
      Download
    </ButtonDropdown>
  );
}
