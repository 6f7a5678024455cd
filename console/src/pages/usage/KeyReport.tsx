// Usage of a plan by one key: by day, and how its quota burns down.
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { getUsage } from "../../api/usage";
import type { UsagePlan } from "../../api/usagePlans";
import { CountChart } from "../../components/CountChart";
import { ErrorAlert } from "../../components/ErrorAlert";
import { ListTable } from "../../components/ListTable";
import { USAGE } from "../../components/queries";
import { count } from "../../lib/numbers";
import { days } from "../../lib/time";
import { byKey } from "../../lib/usageTable";
import { DownloadUsage } from "./DownloadUsage";
import { Extensions } from "./Extensions";
import { QuotaPanel } from "./QuotaPanel";
import type { Range } from "./RangePicker";

interface KeyReportProps {
  plan: UsagePlan;
  keyId: string;
  keyName: string;
  range: Range;
}

export function KeyReport({ plan, keyId, keyName, range }: KeyReportProps): ReactElement {
  const { data, error } = useQuery({
    queryKey: [...USAGE, plan.id, keyId, range],
    queryFn: () => getUsage(plan.id, { ...range, keyId }),
    refetchInterval: 15_000,
  });
  const keys = data && byKey(data);
  const list = keys?.[0]?.days;
  return (
    <SpaceBetween size="l">
      <ErrorAlert error={error} />
      {plan.quota && <QuotaPanel plan={plan} quota={plan.quota} keyId={keyId} keyName={keyName} />}
      <Container header={<Header variant="h2">Calls by day</Header>}>
        <CountChart
          label={`Calls of ${keyName} by day`}
          days={days(range.startDate, range.endDate)}
          series={list ? [{ title: "Used", values: list.map((day) => day.used) }] : []}
          empty="No calls in these days"
        />
      </Container>
      <ListTable
        title="Days"
        items={list}
        rowId={(day) => day.day}
        empty="No days"
        actions={
          keys && (
            <DownloadUsage
              plan={plan}
              keys={keys}
              range={range}
              names={() => Promise.resolve(new Map([[keyId, keyName]]))}
            />
          )
        }
        columns={[
          { id: "day", header: "Day (UTC)", cell: (day) => day.day, by: (day) => day.day },
          { id: "used", header: "Used", cell: (day) => count(day.used), by: (day) => day.used },
          {
            id: "remaining",
            header: "Remaining at its end",
            cell: (day) => (day.remaining === null ? "no quota" : count(day.remaining)),
            by: (day) => day.remaining ?? Infinity,
          },
        ]}
      />
      <Extensions plan={plan} keyId={keyId} />
    </SpaceBetween>
  );
}
