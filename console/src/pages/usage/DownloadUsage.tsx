// Usage as a file.
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import type { ReactElement } from "react";
import type { UsagePlan } from "../../api/usagePlans";
import { toCsv } from "../../lib/csv";
import { download } from "../../lib/download";
import { type KeyUsage, usageRows } from "../../lib/usageTable";
import type { Range } from "./RangePicker";

interface DownloadUsageProps {
  plan: UsagePlan;
  keys: KeyUsage[];
  names: ReadonlyMap<string, string>;
  range: Range;
}

const COLUMNS = ["keyId", "keyName", "day", "used", "remaining"];

export function DownloadUsage({ plan, keys, names, range }: DownloadUsageProps): ReactElement {
  const name = `usage-${plan.name}-${range.startDate}-${range.endDate}`;
  return (
    <ButtonDropdown
      items={[
        { id: "csv", text: "CSV" },
        { id: "json", text: "JSON" },
      ]}
      onItemClick={({ detail }) => {
        if (detail.id === "csv") {
          download(`${name}.csv`, "text/csv", toCsv(COLUMNS, usageRows(keys, names)));
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
