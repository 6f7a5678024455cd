// Usage of a plan by all its keys.
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactElement } from "react";
import type { UsagePlan } from "../../api/usagePlans";
import { CountChart } from "../../components/CountChart";
import { ErrorAlert } from "../../components/ErrorAlert";
import { ListTable } from "../../components/ListTable";
import { PageLink } from "../../components/PageLink";
import { count } from "../../lib/numbers";
import { days } from "../../lib/time";
import { busiest, byKey } from "../../lib/usageTable";
import { DownloadUsage } from "./DownloadUsage";
import type { Range } from "./RangePicker";
import { allKeyNames, useKeyName, useKeyNames } from "./keyNames";
import { usePlanUsage } from "./usePlanUsage";

/** Keys with a colour of their own. */
const COLOURS = 6;

export function PlanReport({ plan, range }: { plan: UsagePlan; range: Range }): ReactElement {
  const { data, error, more, reading, readAll, stop } = usePlanUsage(plan, range);
  const keys = data && byKey(data);
  const names = useKeyNames(plan.id, keys?.slice(0, COLOURS).map(({ keyId }) => keyId) ?? []);
  const name = (id: string): string => names.get(id) ?? id;
  const series = busiest(keys ?? [], COLOURS).map(({ keyId, used }) => ({
    title: keyId === null ? "All other keys" : name(keyId),
    values: used,
  }));
  return (
    <SpaceBetween size="l">
      <ErrorAlert error={error} />
      {keys && more && (
        <Alert
          type="info"
          action={reading ? <Button onClick={stop}>Stop</Button> : <Button onClick={readAll}>Read all keys</Button>}
        >
          {reading ? (
            <StatusIndicator type="in-progress">{count(keys.length)} keys read</StatusIndicator>
          ) : (
            `More keys were used. Chart, table and download have the first ${count(keys.length)} in the order of their ids.`
          )}
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
        actions={keys && <DownloadUsage plan={plan} keys={keys} range={range} names={() => allKeyNames(plan.id)} />}
        columns={[
          {
            id: "key",
            header: "Key",
            cell: (key) => (
              <PageLink to={`/usage?plan=${plan.id}&key=${key.keyId}&from=${range.startDate}&to=${range.endDate}`}>
                <KeyName keyId={key.keyId} known={names.get(key.keyId)} />
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

/** The name of a key that is in sight, asked for where it is not known. */
function KeyName({ keyId, known }: { keyId: string; known: string | undefined }): ReactElement {
  return <>{useKeyName(keyId, known)}</>;
}
