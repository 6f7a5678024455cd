// One usage plan: its limits, its stages, its keys, their usage, its tags.
import Button from "@cloudscape-design/components/button";
import Tabs from "@cloudscape-design/components/tabs";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { deleteUsagePlan, getUsagePlan } from "../../api/usagePlans";
import { ConfirmDelete } from "../../components/ConfirmDelete";
import { ErrorAlert } from "../../components/ErrorAlert";
import { Loading } from "../../components/Loading";
import { Page } from "../../components/Page";
import { PLANS, useFindings, useNode } from "../../components/queries";
import { TagsPanel } from "../../components/TagsPanel";
import { useChange } from "../../components/useChange";
import { arnOf } from "../../lib/arn";
import { planLimits } from "../../lib/limits";
import { plural } from "../../lib/numbers";
import { useSession } from "../../shell/SessionProvider";
import { PlanUsage } from "../usage/PlanUsage";
import { planCommands } from "./planCommands";
import { PlanDetails } from "./PlanDetails";
import { PlanKeys } from "./PlanKeys";
import { PlanStages } from "./PlanStages";

const TRAIL = [{ text: "Usage plans", to: "/usage-plans" }];

export default function PlanPage(): ReactElement {
  const { planId = "" } = useParams();
  const { session, mayChange } = useSession();
  const navigate = useNavigate();
  const [parameters, setParameters] = useSearchParams();
  const [deleting, setDeleting] = useState(false);
  const { data: plan, error } = useQuery({ queryKey: [...PLANS, planId], queryFn: () => getUsagePlan(planId) });
  const { data: findings = [] } = useFindings(session.role !== "key-issuer");
  const removal = useChange({
    make: () => deleteUsagePlan(planId),
    done: () => `Usage plan ${plan?.name ?? planId} is deleted.`,
    shows: [[...PLANS, "list"]],
    then: () => void navigate("/usage-plans"),
  });
  const tab = parameters.get("tab") ?? "details";
  const { data: node } = useNode();
  const commands = planCommands(planId, tab, plan, arnOf(node, `/usageplans/${planId}`));
  if (plan === undefined) {
    return (
      <Page title={planId} trail={TRAIL} commands={commands}>
        {error ? <ErrorAlert error={error} /> : <Loading />}
      </Page>
    );
  }
  const stages = plan.apiStages ?? [];
  const open = findings.flatMap((found) =>
    found.kind === "StageWithOpenMethods" && found.plans.includes(plan.id) ? [found] : [],
  );
  return (
    <Page
      title={plan.name}
      trail={TRAIL}
      description={planLimits(plan)}
      actions={mayChange && <Button onClick={() => setDeleting(true)}>Delete</Button>}
      commands={commands}
    >
      <Tabs
        ariaLabel="Parts of the plan"
        activeTabId={tab}
        onChange={({ detail }) => setParameters({ tab: detail.activeTabId }, { replace: true })}
        tabs={[
          { id: "details", label: "Details", content: <PlanDetails key={plan.id} plan={plan} /> },
          {
            id: "stages",
            label: `API stages (${stages.length})${open.length > 0 ? " ⚠" : ""}`,
            content: <PlanStages plan={plan} open={open} />,
          },
          { id: "keys", label: "API keys", content: <PlanKeys plan={plan} /> },
          { id: "usage", label: "Usage", content: <PlanUsage plan={plan} /> },
          {
            id: "tags",
            label: "Tags",
            content: <TagsPanel resource={`/usageplans/${plan.id}`} tags={plan.tags ?? {}} shows={[PLANS]} />,
          },
        ]}
      />
      {deleting && (
        <ConfirmDelete
          what={`usage plan ${plan.name}`}
          consequence={
            stages.length > 0
              ? `The plan covers ${plural(stages.length, "API stage")}. As on AWS, a plan with stages cannot be deleted: remove them on the tab API stages first.`
              : "Its keys stay, but they are no longer in this plan. Their usage stays in the ledger."
          }
          onDelete={() => removal.mutateAsync()}
          onDeleted={() => undefined}
          onDismiss={() => setDeleting(false)}
        />
      )}
    </Page>
  );
}
