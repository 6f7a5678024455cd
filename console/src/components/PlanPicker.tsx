// Picks a usage plan.
import Select from "@cloudscape-design/components/select";
import type { ReactElement } from "react";
import type { UsagePlan } from "../api/usagePlans";
import { planLimits } from "../lib/limits";
import { useSession } from "../shell/SessionProvider";
import { usePlans } from "./queries";

interface PlanPickerProps {
  planId: string | null;
  onPick: (plan: UsagePlan | null) => void;
  /** Plans that are not offered. */
  except?: string[];
  /** What stands for no plan, where none may be picked. */
  none?: string;
  ariaLabel: string;
}

export function PlanPicker({ planId, onPick, except = [], none, ariaLabel }: PlanPickerProps): ReactElement {
  const { session } = useSession();
  const { data: plans = [], isPending } = usePlans();
  const own = session.role === "key-issuer" ? plans.filter((plan) => session.usagePlanIds.includes(plan.id)) : plans;
  const options = own
    .filter((plan) => !except.includes(plan.id))
    .map((plan) => ({ value: plan.id, label: plan.name, description: planLimits(plan) }));
  return (
    <Select
      ariaLabel={ariaLabel}
      placeholder={none ?? "Choose a usage plan"}
      filteringType={options.length > 10 ? "auto" : "none"}
      statusType={isPending ? "loading" : "finished"}
      loadingText="Loading"
      empty="There is no usage plan to choose"
      selectedOption={options.find((option) => option.value === planId) ?? null}
      options={none === undefined ? options : [{ value: "", label: none }, ...options]}
      onChange={({ detail }) => onPick(plans.find((plan) => plan.id === detail.selectedOption.value) ?? null)}
    />
  );
}
