// Usage of a plan by all its keys.
import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { getUsage, type Usage } from "../../api/usage";
import type { UsagePlan } from "../../api/usagePlans";
import { CountChart } from "../../components/CountChart";
import { ErrorAlert } from "../../components/ErrorAlert";
import { ListTable } from "../../components/ListTable";
import { PageLink } from "../../components/PageLink";
import { USAGE } from "../../components/queries";
import { count } from "../../lib/numbers";
import { days } from "../../lib/time";
import { busiest, byKey } from "../../lib/usageTable";
import { DownloadUsage } from "./DownloadUsage";
import type { Range } from "./RangePicker";
import { useKeyNames } from "./useKeyNames";

/** Keys of a report; the ledger gives them in the order of their ids. */
const KEYS_READ = 500;
/** Keys with a colour of their own. */
const COLOURS = 6;

export function PlanReport({ plan, range }: { plan: UsagePlan; range: Range }): ReactElement {
  const { data, error } = useQuery({
    queryKey: [...USAGE, plan.id, range],
    queryFn: (): Promise<Usage> => getUsage(plan.id, { ...range, limit: KEYS_READ }),
    refetchInterval: 15_000,
  });
  const keys = data && byKey(data);
  const names = useKeyNames(plan.id, keys?.slice(0, COLOURS).map((key) => key.keyId) ?? []);
  const name = (id: string): string => names.get(id) ?? id;
  const series = busiest(keys ?? [], COLOURS).map(({ keyId, used }) => ({
    title: keyId === null ? "All other keys" : name(keyId),
    values: used,
  }));
  return (
    <SpaceBetween size="l">
      <ErrorAlert error={error} />
      {data?.position !== undefined && (
        <Alert type="info">
          More than {KEYS_READ} keys were used. This shows the first {KEYS_READ} in the order of their ids; choose a key
          to see any other.
        </Alert>
      )}
      <Container header={<Header variant="h2">Calls by day</Header>}>
        <CountChart
          label={`Calls of ${plan.name} by day`}
          days={days(range.startDate, range.endDate)}
          series={series}
          empty="No calls in these days"
        />
      </Container>
      <ListTable
        title="Keys with calls"
        items={keys}
        error={error}
        rowId={(key) => key.keyId}
        text={(key) => `${key.keyId} ${name(key.keyId)}`}
        empty="No key of the plan was used in these days."
        actions={keys && <DownloadUsage plan={plan} keys={keys} range={range} names={names} />}
        columns={[
          {
            id: "key",
            header: "Key",
            cell: (key) => (
              <PageLink to={`/usage?plan=${plan.id}&key=${key.keyId}&from=${range.startDate}&to=${range.endDate}`}>
                {name(key.keyId)}
              </PageLink>
            ),
            by: (key) => name(key.keyId),
          },
          { id: "used", header: "Used", cell: (key) => count(key.used), by: (key) => key.used },
          {
            id: "remaining",
            header: "Remaining at the end",
            cell: (key) => (key.remaining === null ? "no quota" : count(key.remaining)),
            by: (key) => key.remaining ?? Infinity,
          },
        ]}
      />
    </SpaceBetween>
  );
}
