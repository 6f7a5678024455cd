// All usage plans.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactElement } from "react";
import { useNavigate } from "react-router";
import { ListTable } from "../../components/ListTable";
import { Page } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { useFindings, usePlans } from "../../components/queries";
import { aws } from "../../lib/cli";
import { quotaText, throttleText } from "../../lib/limits";
import { plural } from "../../lib/numbers";
import { useSession } from "../../shell/SessionProvider";

export default function PlansPage(): ReactElement {
  const { session, mayChange } = useSession();
  const navigate = useNavigate();
  const { data, error } = usePlans();
  const { data: findings = [] } = useFindings(session.role !== "key-issuer");
  const plans = session.role === "key-issuer" ? data?.filter((plan) => session.usagePlanIds.includes(plan.id)) : data;
  const unlimited = new Set(findings.flatMap((found) => (found.kind === "UnlimitedPlan" ? [found.usagePlanId] : [])));
  const create = mayChange && (
    <Button variant="primary" onClick={() => void navigate("/usage-plans/create")}>
      Create usage plan
    </Button>
  );
  return (
    <Page
      title="Usage plans"
      description="How fast and how much the keys of a plan may call. Limits hold for each key by itself."
      actions={create}
      commands={[aws("get-usage-plans"), aws("create-usage-plan", { name: "NAME" })]}
    >
      <ListTable
        title="Plans"
        items={plans}
        error={error}
        rowId={(plan) => plan.id}
        text={(plan) => `${plan.name} ${plan.id} ${plan.description ?? ""}`}
        empty={
          <>
            <b>No usage plans</b>
            <Box variant="p">A plan limits what its keys may call.</Box>
            {create}
          </>
        }
        columns={[
          {
            id: "name",
            header: "Name",
            cell: (plan) => <PageLink to={`/usage-plans/${plan.id}`}>{plan.name}</PageLink>,
            by: (plan) => plan.name,
          },
          {
            id: "throttle",
            header: "Throttle",
            wide: 160,
            cell: (plan) =>
              unlimited.has(plan.id) ? (
                <StatusIndicator type="warning">no limits at all</StatusIndicator>
              ) : (
                throttleText(plan.throttle)
              ),
            by: (plan) => plan.throttle?.rateLimit ?? Infinity,
          },
          {
            id: "quota",
            header: "Quota",
            cell: (plan) => quotaText(plan.quota),
            by: (plan) => plan.quota?.limit ?? Infinity,
          },
          {
            id: "stages",
            header: "API stages",
            cell: (plan) => plural(plan.apiStages?.length ?? 0, "stage"),
            by: (plan) => plan.apiStages?.length ?? 0,
          },
          { id: "id", header: "ID", cell: (plan) => plan.id, by: (plan) => plan.id },
        ]}
      />
    </Page>
  );
}
