// Who used how much of which plan, over any days.
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { useSearchParams } from "react-router";
import { getApiKey } from "../../api/apiKeys";
import { getUsagePlan } from "../../api/usagePlans";
import { ErrorAlert } from "../../components/ErrorAlert";
import { KeyPicker } from "../../components/KeyPicker";
import { Page } from "../../components/Page";
import { PlanPicker } from "../../components/PlanPicker";
import { KEYS, PLANS } from "../../components/queries";
import { aws } from "../../lib/cli";
import { plusDays, today } from "../../lib/time";
import { KeyReport } from "./KeyReport";
import { PlanReport } from "./PlanReport";
import { type Range, RangePicker } from "./RangePicker";

export default function UsagePage(): ReactElement {
  const [parameters, setParameters] = useSearchParams();
  const [planId, keyId] = [parameters.get("plan"), parameters.get("key")];
  const range: Range = {
    startDate: parameters.get("from") ?? plusDays(today(), -6),
    endDate: parameters.get("to") ?? today(),
  };
  const set = (change: Record<string, string | null>): void =>
    setParameters((before) => {
      for (const [name, value] of Object.entries(change)) {
        if (value === null) before.delete(name);
        else before.set(name, value);
      }
      return before;
    });
  const plan = useQuery({
    queryKey: [...PLANS, planId],
    queryFn: () => getUsagePlan(planId ?? ""),
    enabled: planId !== null,
  });
  const key = useQuery({ queryKey: [...KEYS, keyId], queryFn: () => getApiKey(keyId ?? ""), enabled: keyId !== null });
  const name = key.data?.name ?? keyId;
  return (
    <Page
      title="Usage"
      description="From the ledger that refuses: what is counted here is what quotas are measured by. Days are UTC."
      commands={[
        aws("get-usage", { usagePlanId: planId ?? "PLAN_ID", keyId: keyId ?? undefined, ...range }),
        aws("update-usage", {
          usagePlanId: planId ?? "PLAN_ID",
          keyId: keyId ?? "KEY_ID",
          patchOperations: [{ op: "replace", path: "/remaining", value: "100" }],
        }),
      ]}
    >
      <Container>
        <ColumnLayout columns={3}>
          <FormField label="Usage plan">
            <PlanPicker
              ariaLabel="Usage plan"
              planId={planId}
              onPick={(picked) => set({ plan: picked?.id ?? null, key: null })}
            />
          </FormField>
          <FormField label="Key">
            {planId === null ? (
              "Choose a plan first."
            ) : (
              <KeyPicker
                key={planId}
                ariaLabel="Key"
                none="All keys of the plan"
                planId={planId}
                picked={keyId === null ? null : { id: keyId, name: name ?? keyId }}
                onPick={(picked) => set({ key: picked?.id ?? null })}
              />
            )}
          </FormField>
          <FormField label="Days">
            <RangePicker range={range} onChange={(chosen) => set({ from: chosen.startDate, to: chosen.endDate })} />
          </FormField>
        </ColumnLayout>
      </Container>
      <ErrorAlert error={plan.error ?? key.error} />
      {plan.data &&
        (keyId === null ? (
          <PlanReport plan={plan.data} range={range} />
        ) : (
          <KeyReport plan={plan.data} keyId={keyId} keyName={name ?? keyId} range={range} />
        ))}
    </Page>
  );
}
