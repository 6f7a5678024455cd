// Usage of a plan on its own page.
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactElement } from "react";
import type { UsagePlan } from "../../api/usagePlans";
import { useKept } from "../../components/useKept";
import { plusDays, today } from "../../lib/time";
import { PlanReport } from "./PlanReport";
import { type Range, RangePicker } from "./RangePicker";

export function PlanUsage({ plan }: { plan: UsagePlan }): ReactElement {
  const [range, setRange] = useKept<Range>("range", { startDate: plusDays(today(), -6), endDate: today() });
  return (
    <SpaceBetween size="m">
      <RangePicker range={range} onChange={setRange} />
      <PlanReport plan={plan} range={range} />
    </SpaceBetween>
  );
}
