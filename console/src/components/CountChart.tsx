// Bars of counts by day, stacked.
import BarChart from "@cloudscape-design/components/bar-chart";
import type { ReactElement } from "react";
import { compact } from "../lib/numbers";

interface CountChartProps {
  label: string;
  days: string[];
  series: { title: string; values: number[] }[];
  empty: string;
}

export function CountChart({ label, days, series, empty }: CountChartProps): ReactElement {
  const most = Math.max(
    1,
    ...days.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0)),
  );
  return (
    <BarChart
      ariaLabel={label}
      stackedBars
      hideFilter
      height={220}
      xScaleType="categorical"
      xDomain={days}
      yDomain={[0, most]}
      xTitle="Day (UTC)"
      yTitle="Calls"
      yTickFormatter={compact}
      series={series.map(({ title, values }) => ({
        title,
        type: "bar",
        data: days.map((day, index) => ({ x: day, y: values[index] ?? 0 })),
      }))}
      empty={empty}
    />
  );
}
