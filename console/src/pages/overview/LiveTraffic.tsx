// What becomes of calls, second by second.
import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import LineChart from "@cloudscape-design/components/line-chart";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactElement } from "react";
import { ErrorAlert } from "../../components/ErrorAlert";
import { latencyText } from "../../lib/latency";
import { compact, plural, rate } from "../../lib/numbers";
import type { Rates } from "../../lib/rates";
import { localClock, localZone } from "../../lib/time";
import { useRates } from "./useRates";

const SHOWN: { of: Exclude<keyof Rates, "at">; title: string }[] = [
  { of: "answered", title: "All calls" },
  { of: "admitted", title: "Admitted" },
  { of: "throttled", title: "Throttled" },
  { of: "quotaExceeded", title: "Quota exceeded" },
  { of: "errors", title: "Errors (5xx)" },
];

/** What the chart shows at least, from the left empty at first. */
const SHORTEST_MILLIS = 60_000;

export function LiveTraffic(): ReactElement {
  const { now, history, totals, latency, error } = useRates();
  const most = Math.max(1, ...history.map(({ answered }) => answered));
  const end = history.at(-1)?.at ?? 0;
  const begin = Math.min(history[0]?.at ?? 0, end - SHORTEST_MILLIS);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={totals ? `${plural(totals.answered, "call")} since Tollgate was started` : undefined}
        >
          Calls per second
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ErrorAlert error={error} />
        <ColumnLayout columns={SHOWN.length + 1} variant="text-grid" minColumnWidth={140}>
          {SHOWN.map(({ of, title }) => (
            <Figure key={of} title={title} name={`rate-${of}`} value={now === undefined ? "–" : rate(now[of])} />
          ))}
          <Figure
            title="Latency p50 / p99"
            name="latency"
            value={`${latencyText(latency.median)} / ${latencyText(latency.p99)}`}
            small
          />
        </ColumnLayout>
        <LineChart
          ariaLabel="Calls per second of the last minutes"
          height={220}
          hideFilter
          xScaleType="time"
          xDomain={[new Date(begin), new Date(end)]}
          yDomain={[0, most]}
          yTickFormatter={compact}
          xTitle={`Time (${localZone(end)})`}
          yTitle="Calls per second"
          xTickFormatter={(at) => localClock(Number(at))}
          series={SHOWN.map(({ of, title }) => ({
            title,
            type: "line",
            data: history.map((point) => ({ x: new Date(point.at), y: point[of] })),
            valueFormatter: (value: number) => rate(value),
          }))}
          empty="Readings begin a second after Tollgate does."
        />
      </SpaceBetween>
    </Container>
  );
}

interface FigureProps {
  title: string;
  /** What tests find it by. */
  name: string;
  value: string;
  small?: boolean;
}

function Figure({ title, name, value, small = false }: FigureProps): ReactElement {
  return (
    <div>
      <Box variant="awsui-key-label">{title}</Box>
      <Box {...(small ? { fontSize: "heading-s", padding: { top: "xs" } } : { variant: "awsui-value-large" })}>
        <span data-testid={name} className="console-figure">
          {value}
        </span>
      </Box>
    </div>
  );
}
