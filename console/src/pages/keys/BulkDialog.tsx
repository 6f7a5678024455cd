// One change made to many keys, with its progress and what it could not be made to.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { type ApiKey, deleteApiKey, updateApiKey } from "../../api/apiKeys";
import { replace } from "../../api/patch";
import { addPlanKey, listUsagePlans, removePlanKey, type UsagePlan } from "../../api/usagePlans";
import { Dialog } from "../../components/Dialog";
import { PlanPicker } from "../../components/PlanPicker";
import { KEYS, PLANS, refresh } from "../../components/queries";
import { type Failed, inBatches } from "../../lib/inBatches";
import { plural } from "../../lib/numbers";
import { useNotify } from "../../shell/Notifications";

export type BulkAction = "enable" | "disable" | "add" | "move" | "delete";

interface BulkDialogProps {
  action: BulkAction;
  keys: ApiKey[];
  /** Told whether it was done to all of them. */
  onClose: (done: boolean) => void;
}

const TITLES: Record<BulkAction, string> = {
  enable: "Enable",
  disable: "Disable",
  add: "Add to a plan",
  move: "Move to another plan",
  delete: "Delete",
};

const CONSEQUENCES: Record<BulkAction, string> = {
  enable: "Calls with these keys are answered again.",
  disable: "Calls with these keys are refused with 403 from the moment this is done.",
  add: "A key can be in one plan of a stage only.",
  move: "Each key is taken out of the plans that it is in, and added to the plan that you choose.",
  delete: "The keys are gone for good, and calls with them are refused. Their usage stays in the ledger.",
};

/** Requests at once. */
const WIDTH = 4;

export function BulkDialog({ action, keys, onClose }: BulkDialogProps): ReactElement {
  const queries = useQueryClient();
  const notify = useNotify();
  const [plan, setPlan] = useState<UsagePlan | null>(null);
  const [done, setDone] = useState(0);
  const [failed, setFailed] = useState<Failed<ApiKey>[]>([]);
  const needsPlan = action === "add" || action === "move";
  const running = useMutation({
    mutationFn: () => inBatches(keys, WIDTH, (key) => change(action, key, plan), setDone),
    onSuccess: async (refused) => {
      setFailed(refused);
      await refresh(queries, KEYS, PLANS);
      if (refused.length > 0) return;
      notify("success", `${TITLES[action]}: done for ${plural(keys.length, "key")}.`);
      onClose(true);
    },
  });
  return (
    <Dialog
      title={`${TITLES[action]}: ${plural(keys.length, "key")}`}
      submit={TITLES[action]}
      pending={running.isPending}
      disabled={needsPlan && plan === null}
      error={running.error}
      onSubmit={() => running.mutate()}
      onDismiss={() => onClose(false)}
    >
      <Box>{CONSEQUENCES[action]}</Box>
      {needsPlan && (
        <FormField label="Usage plan">
          <PlanPicker ariaLabel="Usage plan" planId={plan?.id ?? null} onPick={setPlan} />
        </FormField>
      )}
      {(running.isPending || failed.length > 0) && (
        <ProgressBar
          value={(100 * done) / keys.length}
          label={`${done} of ${keys.length}`}
          {...(failed.length > 0 ? { status: "error" as const, resultText: `${failed.length} failed` } : {})}
        />
      )}
      {failed.length > 0 && (
        <Alert type="error" header={`It could not be done to ${plural(failed.length, "key")}`}>
          {failed.slice(0, 10).map(({ item, error }) => (
            <div key={item.id}>
              <b>{item.name ?? item.id}</b>: {error.message}
            </div>
          ))}
        </Alert>
      )}
    </Dialog>
  );
}

async function change(action: BulkAction, key: ApiKey, plan: UsagePlan | null): Promise<void> {
  switch (action) {
    case "enable":
    case "disable":
      await updateApiKey(key.id, [replace("/enabled", action === "enable")]);
      return;
    case "delete":
      await deleteApiKey(key.id);
      return;
    case "add":
      if (plan !== null) await addPlanKey(plan.id, key.id);
      return;
    case "move":
      if (plan !== null) await move(key, plan);
  }
}

/** Out of the plans that it is in first: it can't be in two that share a stage. Should the new plan refuse it, it is put back. */
async function move(key: ApiKey, plan: UsagePlan): Promise<void> {
  const before = (await listUsagePlans(key.id)).filter((old) => old.id !== plan.id);
  for (const old of before) await removePlanKey(old.id, key.id);
  try {
    await addPlanKey(plan.id, key.id);
  } catch (error) {
    for (const old of before) await addPlanKey(old.id, key.id);
    throw error;
  }
}
