// A key's quota in its present period: what is left, how it burns down, when it runs out.
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import LineChart from "@cloudscape-design/components/line-chart";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { getUsage } from "../../api/usage";
import type { QuotaSettings, UsagePlan } from "../../api/usagePlans";
import { ErrorAlert } from "../../components/ErrorAlert";
import { USAGE } from "../../components/queries";
import { Timestamp } from "../../components/Timestamp";
import { burnDown } from "../../lib/burnDown";
import { forecast, periodAt } from "../../lib/forecast";
import { compact, count } from "../../lib/numbers";
import { localBrief, localTime, localZone, span, startOf, today, utcTime } from "../../lib/time";
import { byKey } from "../../lib/usageTable";
import { useSession } from "../../shell/SessionProvider";
import { ExtendQuota } from "./ExtendQuota";

interface QuotaPanelProps {
  plan: UsagePlan;
  quota: QuotaSettings;
  keyId: string;
  keyName: string;
}

export function QuotaPanel({ plan, quota, keyId, keyName }: QuotaPanelProps): ReactElement {
  const { mayChange } = useSession();
  const [extending, setExtending] = useState(false);
  const usage = useQuery({
    queryKey: [...USAGE, plan.id, keyId, "period"],
    queryFn: () => getUsage(plan.id, { startDate: periodAt(quota, Date.now()).first, endDate: today(), keyId }),
    refetchInterval: 15_000,
  });
  const now = usage.dataUpdatedAt;
  const period = periodAt(quota, now);
  const key = usage.data && byKey(usage.data)[0];
  if (key === undefined) return <ErrorAlert error={usage.error} />;
  const remaining = key.remaining ?? 0;
  const coming = forecast(key.used, remaining, period, now);
  const end = startOf(period.end);
  const lines = burnDown(key.days, remaining, coming, period, now);
  return (
    <Container
      header={
        <Header variant="h2" actions={mayChange && <Button onClick={() => setExtending(true)}>Extend quota</Button>}>
          Quota of this {quota.period.toLowerCase()}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={4}
          items={[
            { label: "Used", value: count(key.used) },
            { label: "Remaining", value: count(remaining) },
            { label: "Next period begins", value: <Timestamp millis={end} /> },
            { label: "Pace", value: coming ? `${count(Math.round(coming.pace))} calls a day` : "no calls yet" },
          ]}
        />
        <Verdict remaining={remaining} runsOutAt={coming?.runsOutAt ?? null} now={now} end={end} />
        <LineChart
          ariaLabel={`What is left of the quota of ${keyName}`}
          hideFilter
          height={200}
          xScaleType="time"
          xDomain={[new Date(startOf(period.first)), new Date(end)]}
          yDomain={[0, Math.max(1, key.used + remaining)]}
          yTickFormatter={compact}
          xTitle={`Time (${localZone(now)})`}
          yTitle="Calls left"
          xTickFormatter={(at) => localBrief(Number(at))}
          series={[
            { title: "Remaining", type: "line", data: lines.past },
            ...(lines.forecast.length > 0
              ? [{ title: "At the present pace", type: "line" as const, data: lines.forecast }]
              : []),
          ]}
        />
      </SpaceBetween>
      {extending && (
        <ExtendQuota
          plan={plan}
          keyId={keyId}
          keyName={keyName}
          remaining={remaining}
          onClose={() => setExtending(false)}
        />
      )}
    </Container>
  );
}

function Verdict({
  remaining,
  runsOutAt,
  now,
  end,
}: {
  remaining: number;
  runsOutAt: number | null;
  now: number;
  end: number;
}): ReactElement {
  if (remaining === 0) {
    return <Alert type="error">Nothing is left: calls are refused for the next {span(end - now)}.</Alert>;
  }
  if (runsOutAt === null)
    return <Alert type="success">At the present pace the quota lasts until the period ends.</Alert>;
  return (
    <Alert type="warning">
      At the present pace the quota runs out in {span(runsOutAt - now)}, at {localTime(runsOutAt)} ({utcTime(runsOutAt)}
      ).
    </Alert>
  );
}
