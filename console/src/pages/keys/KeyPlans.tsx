// The plans that a key is in, and the stages it may call by them.
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import type { ApiKey } from "../../api/apiKeys";
import { addPlanKey, listUsagePlans, removePlanKey, type UsagePlan } from "../../api/usagePlans";
import { Dialog } from "../../components/Dialog";
import { ListTable } from "../../components/ListTable";
import { PageLink } from "../../components/PageLink";
import { PlanPicker } from "../../components/PlanPicker";
import { KEYS, PLANS, useApis } from "../../components/queries";
import { useChange } from "../../components/useChange";
import { planLimits } from "../../lib/limits";
import { useSession } from "../../shell/SessionProvider";

export function KeyPlans({ apiKey }: { apiKey: ApiKey }): ReactElement {
  const { session, mayChange, mayIssueKeys } = useSession();
  const [adding, setAdding] = useState(false);
  const { data: plans, error } = useQuery({
    queryKey: [...PLANS, "of-key", apiKey.id],
    queryFn: () => listUsagePlans(apiKey.id),
  });
  const removing = useChange({
    make: (plan: UsagePlan) => removePlanKey(plan.id, apiKey.id),
    done: (_, plan) => `The key is no longer in ${plan.name}.`,
    shows: [PLANS, KEYS],
  });
  return (
    <>
      <ListTable
        title="Associated usage plans"
        items={plans}
        error={error ?? removing.error}
        rowId={(plan) => plan.id}
        actions={mayIssueKeys && <Button onClick={() => setAdding(true)}>Add to usage plan</Button>}
        empty="The key is in no plan: calls with it are refused where a key is required."
        columns={[
          {
            id: "name",
            header: "Usage plan",
            cell: (plan) => <PageLink to={`/usage-plans/${plan.id}`}>{plan.name}</PageLink>,
          },
          { id: "limits", header: "Limits", cell: planLimits },
          {
            id: "stages",
            header: "API stages",
            cell: (plan) =>
              session.role === "key-issuer" ? String(plan.apiStages?.length ?? 0) : <StageNames plan={plan} />,
          },
          {
            id: "usage",
            header: "Usage",
            cell: (plan) => <PageLink to={`/usage?plan=${plan.id}&key=${apiKey.id}`}>See usage</PageLink>,
          },
          ...(mayChange
            ? [
                {
                  id: "remove",
                  header: "Remove",
                  cell: (plan: UsagePlan) => (
                    <Button
                      variant="inline-link"
                      ariaLabel={`Remove from ${plan.name}`}
                      onClick={() => removing.mutate(plan)}
                    >
                      Remove
                    </Button>
                  ),
                },
              ]
            : []),
        ]}
      />
      {adding && <AddToPlan apiKey={apiKey} plans={plans ?? []} onClose={() => setAdding(false)} />}
    </>
  );
}

function StageNames({ plan }: { plan: UsagePlan }): ReactElement {
  const { data: apis = [] } = useApis();
  const name = (id: string): string => apis.find((api) => api.id === id)?.name ?? id;
  return <>{plan.apiStages?.map((stage) => `${name(stage.apiId)} / ${stage.stage}`).join(", ") ?? "–"}</>;
}

function AddToPlan({
  apiKey,
  plans,
  onClose,
}: {
  apiKey: ApiKey;
  plans: UsagePlan[];
  onClose: () => void;
}): ReactElement {
  const [plan, setPlan] = useState<UsagePlan | null>(null);
  const adding = useChange({
    make: (chosen: UsagePlan) => addPlanKey(chosen.id, apiKey.id),
    done: (_, chosen) => `The key is in ${chosen.name} now.`,
    shows: [PLANS, KEYS],
    then: onClose,
  });
  return (
    <Dialog
      title="Add to usage plan"
      submit="Add"
      disabled={plan === null}
      pending={adding.isPending}
      error={null}
      onSubmit={() => plan && adding.mutate(plan)}
      onDismiss={onClose}
    >
      <FormField label="Usage plan" errorText={adding.error?.message}>
        <PlanPicker
          ariaLabel="Usage plan"
          planId={plan?.id ?? null}
          onPick={setPlan}
          except={plans.map(({ id }) => id)}
        />
      </FormField>
    </Dialog>
  );
}
