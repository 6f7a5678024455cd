// Who extended a key's quota, and why.
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { listExtensions } from "../../api/operator";
import type { UsagePlan } from "../../api/usagePlans";
import { ListTable } from "../../components/ListTable";
import { USAGE } from "../../components/queries";
import { Timestamp } from "../../components/Timestamp";
import { count } from "../../lib/numbers";
import { useSession } from "../../shell/SessionProvider";

export function Extensions({ plan, keyId }: { plan: UsagePlan; keyId: string }): ReactElement | null {
  const { session } = useSession();
  const visible = session.role !== "key-issuer";
  const { data, error } = useQuery({
    queryKey: [...USAGE, plan.id, "extensions"],
    queryFn: () => listExtensions(plan.id),
    enabled: visible,
  });
  if (!visible) return null;
  return (
    <ListTable
      title="Extensions"
      items={data?.filter((extension) => extension.keyId === keyId)}
      error={error}
      rowId={(extension) => String(extension.at)}
      empty="The quota was not extended."
      columns={[
        {
          id: "at",
          header: "Time",
          cell: (extension) => <Timestamp millis={extension.at} />,
          by: (extension) => extension.at,
        },
        { id: "remaining", header: "Set to remain", cell: (extension) => count(extension.remaining) },
        { id: "author", header: "By", cell: (extension) => extension.author },
        { id: "reason", header: "Reason", cell: (extension) => extension.reason ?? "–" },
      ]}
    />
  );
}
